import { computedProperty, nginxSettings, propertyFields, reportCommand, resite, setGlobalCommand, UserError } from 'dokku'

/** `nginx:set`: what nginx refuses of a value is put back to what it was. */
export const set = setGlobalCommand(
  'nginx',
  Object.fromEntries(
    Object.entries(nginxSettings).map(([name, { summary, values, admin, read }]) => [
      name,
      {
        summary,
        ...(values === undefined ? {} : { values }),
        ...(admin === undefined ? {} : { admin }),
        check: read,
        apply: async (app, { output }) => {
          if (app.instance.network === 'published' && (name.startsWith('bind-address') || name === 'http3'))
            throw new UserError('bad-nginx-setting', `${name} needs nginx on the host's network, not behind ports that Docker publishes`, {
              hint: 'DOKKU_NETWORK=host, where the engine has it',
            })
          await resite(app, output)
          if (app.properties.get(`nginx ${name}`)?.startsWith('$http_') && computedProperty(app, 'nginx trusted-proxies') === undefined)
            output.warn(`${name} counts from trusted proxies only: nginx:set ${app.name} trusted-proxies NETWORKS`)
        },
      },
    ]),
  ),
  ['nginx:set node-js-app client-max-body-size 20m', 'nginx:set --global hsts false', 'nginx:set node-js-app rate-limit 10r/s'],
)

/** `nginx:report`, each setting as it was set, as it holds, and as it is for all apps. */
export const report = reportCommand(
  'nginx',
  Object.assign({}, ...Object.entries(nginxSettings).map(([name, { usual }]) => propertyFields('nginx', name, usual))),
)
