import {
  type App,
  app,
  certificateOf,
  chosenFor,
  command,
  format,
  isLate,
  propertyFields,
  provableHosts,
  reportCommand,
  stateOf,
  visibleApps,
} from 'dokku'

export const list = command({
  name: 'letsencrypt:list',
  aliases: ['letsencrypt:ls'],
  summary: 'show the apps whose certificates come by themselves, and how far they are',
  flags: { format },
  examples: ['letsencrypt:list', 'letsencrypt:list --format json'],
  right: 'none',

  async run({ flags, context }) {
    const rows = (await visibleApps(context))
      .filter((one) => certificateOf(one)?.origin === 'acme' || stateOf(one).error !== undefined)
      .map(rowOf)
    if (flags.format === 'json') return context.output.line(JSON.stringify(rows))
    const line = (...[name = '', ends = '', next = '', error = '']: string[]) =>
      `${name.padEnd(24)} ${ends.padEnd(21)} ${next.padEnd(21)} ${error}`.trimEnd()
    if (!context.quiet) context.output.step(line('App', 'Ends', 'Looked at again', 'What went wrong'))
    for (const { app: name, ends, next, error } of rows) context.output.line(line(name, short(ends), short(next), error ?? ''))
  },
})

export const active = command({
  name: 'letsencrypt:active',
  summary: 'say whether an app has a certificate that came by itself: true, or false and exit status 1',
  args: { app: app() },
  examples: ['letsencrypt:active node-js-app'],
  right: 'view',

  async run({ args, context }): Promise<number> {
    const is = certificateOf(args.app)?.origin === 'acme'
    context.output.line(String(is))
    return is ? 0 : 1
  },
})

export const report = command(
  reportCommand('letsencrypt', {
    'letsencrypt-active': (one) => String(certificateOf(one)?.origin === 'acme'),
    'letsencrypt-enabled': (one) => chosenFor(one),
    'letsencrypt-expiration': (one) => (certificateOf(one)?.origin === 'acme' ? (certificateOf(one)?.notAfter ?? '') : ''),
    'letsencrypt-late': (one) => String(isLate(one)),
    'letsencrypt-next': (one) => stateOf(one).next ?? '',
    'letsencrypt-error': (one) => stateOf(one).error ?? '',
    'letsencrypt-left-out': async (one) => (await provableHosts(one)).left.join('; '),
    ...propertyFields('letsencrypt', 'email'),
    ...propertyFields('letsencrypt', 'server', 'production'),
    ...propertyFields('letsencrypt', 'profile'),
    ...propertyFields('letsencrypt', 'graceperiod'),
  }),
)

function rowOf(one: App) {
  const { next, error } = stateOf(one)
  return { app: one.name, ends: certificateOf(one)?.notAfter ?? null, next: next ?? null, error: error ?? null }
}

function short(time: string | null): string {
  return time === null ? '-' : time.slice(0, 16).replace('T', ' ')
}
