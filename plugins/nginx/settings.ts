import { nginxSettings, propertyFields, reportCommand, resite, setGlobalCommand, UserError } from 'dokku'

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
          if (app.instance.network === 'published' && name.startsWith('bind-address'))
            throw new UserError('bad-nginx-setting', 'nginx runs behind ports that Docker publishes, and sees no address of this machine', {
              hint: 'DOKKU_NETWORK=host, where the engine has it',
            })
          await resite(app, output)
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
