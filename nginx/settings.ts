/** What the configuration depends on besides what is stored. */
export interface Settings {
  httpPort: number
  httpsPort: number
  /** The HTTPS port as clients see it, where that is another one. */
  publicHttpsPort?: number
  ipv6: boolean
  /** Do connections to these two ports begin with the PROXY protocol? */
  proxyProtocol?: boolean
  /** Where nginx's process id and control socket are. */
  runDir: string
  /** Where what is stored, the tables and temporary files are. */
  stateDir: string
  luaDir: string
  /** Folders in which the tree's files may be. */
  folders?: readonly string[]
  /** The folder of the values that the tree names. */
  values?: string
}

/** nginx's socket for our own API; not on a volume, so nobody else can reach it. */
export function controlSocket(settings: Pick<Settings, 'runDir'>): string {
  return `${settings.runDir}/nginx.sock`
}

/** nginx's configuration. */
export function configurationFile({ stateDir }: Pick<Settings, 'stateDir'>): string {
  return `${stateDir}/nginx.conf`
}

/** The file of a table that nginx loads when it starts. */
export function tableFile(settings: Pick<Settings, 'stateDir'>, table: 'routes' | 'hosts' | 'tls'): string {
  return `${settings.stateDir}/${table}`
}

/** The folder of what was added to sites: DIGEST in it, then the path by which texts name it. */
export function additionsDir(settings: Pick<Settings, 'stateDir'>): string {
  return `${settings.stateDir}/additions`
}

/** The folder of certificates: DIGEST.pem, chain and key. */
export function certificatesDir(settings: Pick<Settings, 'stateDir'>): string {
  return `${settings.stateDir}/certificates`
}

/** A certificate for nobody, which nginx wants to have before it asks for the right one. */
export function placeholder(settings: Pick<Settings, 'stateDir'>): string {
  return `${settings.stateDir}/placeholder.pem`
}

/** What goes behind a host in an address over HTTPS. */
export function httpsSuffix({ httpsPort, publicHttpsPort = httpsPort }: Pick<Settings, 'httpsPort' | 'publicHttpsPort'>): string {
  return publicHttpsPort === 443 ? '' : `:${publicHttpsPort}`
}
