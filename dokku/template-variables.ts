import { anyUpstream } from '#nginx'
import type { App } from './app.ts'
import { certificateOf } from './certificates.ts'
import { computedProperty } from './computed-property.ts'
import { nginxSettings } from './nginx-settings.ts'

/** Dokku's variables that are a setting of `nginx:set`. */
const set = {
  NGINX_BIND_ADDRESS_IP4: 'bind-address-ipv4',
  NGINX_BIND_ADDRESS_IP6: 'bind-address-ipv6',
  NGINX_UNDERSCORE_IN_HEADERS: 'underscore-in-headers',
  CLIENT_BODY_TIMEOUT: 'client-body-timeout',
  CLIENT_HEADER_TIMEOUT: 'client-header-timeout',
  CLIENT_MAX_BODY_SIZE: 'client-max-body-size',
  KEEPALIVE_TIMEOUT: 'keepalive-timeout',
  LINGERING_TIMEOUT: 'lingering-timeout',
  SEND_TIMEOUT: 'send-timeout',
  PROXY_CONNECT_TIMEOUT: 'proxy-connect-timeout',
  PROXY_READ_TIMEOUT: 'proxy-read-timeout',
  PROXY_SEND_TIMEOUT: 'proxy-send-timeout',
  PROXY_BUFFER_SIZE: 'proxy-buffer-size',
  PROXY_BUFFERING: 'proxy-buffering',
  PROXY_BUFFERS: 'proxy-buffers',
  PROXY_BUSY_BUFFERS_SIZE: 'proxy-busy-buffers-size',
  PROXY_X_FORWARDED_FOR: 'x-forwarded-for-value',
  PROXY_X_FORWARDED_PORT: 'x-forwarded-port-value',
  PROXY_X_FORWARDED_PROTO: 'x-forwarded-proto-value',
  PROXY_X_FORWARDED_SSL: 'x-forwarded-ssl',
} as const

/** The port that a template is told an app listens on; where it really listens is in the app's route. */
const port = '5000'

/** What a template of Dokku's may name, for an app with these process types. */
export function templateVariables(app: App, processes: readonly string[]): Record<string, string> {
  const hosts = app.hosts.join(' ')
  const encrypted = certificateOf(app) !== undefined
  const settings = Object.entries(set).map(([name, setting]) => [
    name,
    computedProperty(app, `nginx ${setting}`) ?? nginxSettings[setting]?.usual ?? '',
  ])
  const listeners = processes.map((process) => [
    `DOKKU_APP_${process.toUpperCase().replaceAll('-', '_')}_LISTENERS`,
    process === 'web' ? `${anyUpstream}:${port}` : '',
  ])
  return {
    APP: app.name,
    DOKKU_ROOT: '/home/dokku',
    DOKKU_LIB_ROOT: '/var/lib/dokku',
    APP_SSL_PATH: `/home/dokku/${app.name}/tls`,
    SSL_INUSE: encrypted ? 'true' : '',
    SSL_SERVER_NAME: hosts,
    NOSSL_SERVER_NAME: hosts,
    PROXY_PORT_MAP: encrypted ? `http:80:${port} https:443:${port}` : `http:80:${port}`,
    PROXY_UPSTREAM_PORTS: port,
    PROXY_PORT: '80',
    PROXY_SSL_PORT: '443',
    NGINX_PORT: '80',
    NGINX_SSL_PORT: '443',
    DOKKU_APP_LISTENERS: `${anyUpstream}:${port}`,
    DOKKU_APP_WEB_LISTENERS: `${anyUpstream}:${port}`,
    ...Object.fromEntries(listeners),
    DOKKU_APP_LISTEN_PORT: port,
    DOKKU_APP_LISTEN_IP: anyUpstream,
    PASSED_LISTEN_IP_PORT: '',
    SPDY_SUPPORTED: '',
    NGINX_LOG_ROOT: '/var/log/nginx',
    NGINX_ACCESS_LOG_FORMAT: '',
    NGINX_ACCESS_LOG_PATH: 'off',
    NGINX_ERROR_LOG_PATH: 'off',
    TLS13_SUPPORTED: 'true',
    HTTP2_SUPPORTED: 'true',
    HTTP2_DIRECTIVE_SUPPORTED: 'true',
    HTTP2_PUSH_SUPPORTED: 'false',
    GRPC_SUPPORTED: 'true',
    PROXY_KEEPALIVE: '',
    ...Object.fromEntries(settings),
  }
}
