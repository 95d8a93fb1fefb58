import { appName, command, createApp, maybeApp, param, receiveInTurn, UserError } from 'dokku'

export const imageReference = param({ summary: 'an image reference', label: 'image', parse: parseImage })

export const fromImage = command({
  name: 'git:from-image',
  summary: 'deploy an image that exists, here or in a registry',
  args: {
    name: appName('the app; created when it does not exist'),
    image: imageReference,
  },
  examples: ['git:from-image node-js-app registry.example.com/team/app:v2'],
  right: 'deploy',

  async run({ args, context }) {
    const one = maybeApp(context.instance, args.name) ?? (await createApp(context.instance, args.name))
    const { identity, output } = context
    await receiveInTurn(one, { kind: 'image', reference: args.image }, { user: identity.name, output, signal: identity.revoked })
  },
})

function parseImage(text: string): string {
  if (!/^[a-z0-9][A-Za-z0-9._:/@-]{0,254}$/.test(text) || text.includes('..'))
    throw new UserError('bad-image', `${JSON.stringify(text.slice(0, 60))} is not an image reference`, {
      hint: 'repository:tag or registry/repository@sha256:...',
    })
  return text
}
