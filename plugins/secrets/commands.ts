import { boolean, command, forgetOlderKeys, format, group, rotateKey, secretsState } from 'dokku'

const report = command({
  name: 'secrets:report',
  summary: 'show which key seals the secrets, and where it is',
  flags: { format },
  examples: ['secrets:report', 'secrets:report --format json'],
  right: 'admin',
  reads: () => true,

  async run({ flags, context: { instance, output } }) {
    const state = secretsState(instance)
    if (flags.format === 'json') return output.line(JSON.stringify(state))
    output.result('Secrets information')
    output.detail(`Secrets key:         ${state.key}`)
    output.detail(`Secrets key from:    ${state.source === 'given' ? 'what control was started with' : 'its volume'}`)
    output.detail(`Secrets older keys:  ${state.older.join(' ') || 'none'}`)
  },
})

const rotate = command({
  name: 'secrets:rotate-key',
  summary: 'seal all secrets by a new key',
  description:
    'Older keys stay on the volume for the copies of the database that they sealed. With --forget a new copy is made, and those and their copies go.',
  flags: { forget: boolean('remove older keys, and the copies of the database that need them') },
  examples: ['secrets:rotate-key', 'secrets:rotate-key --forget'],
  right: 'admin',

  async run({ flags, context: { instance, output } }) {
    await rotateKey(instance)
    output.step(`All secrets are sealed by the key ${secretsState(instance).key} now`)
    if (!flags.forget) return
    await forgetOlderKeys(instance)
    output.detail('Older keys and copies are removed')
  },
})

export default group('secrets', 'The key that seals secrets', [report, rotate])
