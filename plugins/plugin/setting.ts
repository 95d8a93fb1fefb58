import { type Context, command, format, optional, UserError, word } from 'dokku'
import { changeSetting, readManifest, readStored, settingsOf } from '#plugn'
import { plugin } from './argument.ts'

export const setting = command({
  name: 'plugin:config',
  summary: 'show the settings of a plugin, or set one; without a value it has its default again',
  description: 'A change takes effect at once. What plugin.toml calls secret is never shown.',
  args: {
    name: plugin(() => true),
    key: optional(word('the setting', 'key')),
    value: optional({ ...word('its new value', 'value'), secret: 'whole' as const }),
  },
  flags: { format },
  examples: ['plugin:config redis', 'plugin:config redis image-version 8.0', 'plugin:config redis image-version'],
  right: 'admin',
  reads: ({ args }) => args.key === undefined,

  async run({ args: { name, key, value }, flags, context }) {
    const { store, reload } = context.instance.plugins
    const declared = (await readManifest(await store.find(name)))?.config ?? {}
    if (key === undefined) return await show(name, flags.format === 'json', context)
    if (!Object.hasOwn(declared, key))
      throw new UserError('no-such-setting', `${name} has no setting ${JSON.stringify(key.slice(0, 40))}`, {
        hint: Object.keys(declared).join(', '),
      })
    await changeSetting(store, name, key, value)
    await reload()
    context.output.step(value === undefined ? `Unset ${key} of ${name}` : `Set ${key} of ${name}`)
  },
})

async function show(name: string, json: boolean, { instance, output }: Context): Promise<void> {
  const { store } = instance.plugins
  const manifest = { config: (await readManifest(await store.find(name)))?.config ?? {} }
  const settings = Object.entries(settingsOf(name, manifest, await readStored(store.config), {})).map(([key, value]) => {
    const one = manifest.config[key]
    const { description, secret } = typeof one === 'object' ? one : { description: one ?? '', secret: false }
    return { key, value: secret && value !== '' ? '*******' : value, description }
  })
  if (json) output.line(JSON.stringify(settings))
  else for (const { key, value, description } of settings) output.line(`  ${key.padEnd(20)} ${value.padEnd(20)} ${description}`.trimEnd())
}
