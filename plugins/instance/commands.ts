import { boolean, command, group, healthy, UserError, version } from 'dokku'

const show = command({
  name: 'version',
  summary: 'print the version',
  examples: ['version'],
  right: 'none',
  async run({ context }) {
    context.output.line(`dokku version ${version}`)
  },
})

const health = command({
  name: 'health',
  summary: 'check that SSH, state and appliance are up',
  description: 'With --wait, waits up to a minute for them. Exits non-zero and says which part is down and why.',
  flags: { wait: boolean('wait for what is still starting') },
  examples: ['health', 'health --wait'],
  right: 'none',

  async run({ flags, context }) {
    const down = await healthy(context.instance, flags.wait ? 60_000 : 0)
    const [first] = Object.entries(down)
    if (first !== undefined)
      throw new UserError(
        'unhealthy',
        Object.entries(down)
          .map(([part, reason]) => `${part} is down: ${reason}`)
          .join('\n'),
        {
          hint: `docker logs ${context.instance.settings.name}`,
        },
      )
    context.output.line('healthy')
  },
})

export default group('instance', 'The instance itself', [show, health])
