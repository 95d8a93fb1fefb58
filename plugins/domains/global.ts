import {
  allApps,
  assertHostsFree,
  type Context,
  command,
  globalDomains,
  parseHostName,
  rest,
  storeGlobalDomains,
  syncRoutes,
  UserError,
} from 'dokku'

const domains = rest('DOMAIN', parseGlobal)

const add = command({
  name: 'domains:add-global',
  summary: 'give every app a domain below these too',
  args: { domains },
  examples: ['domains:add-global apps.example.com'],
  right: 'admin',
  run: ({ args, context }) => change(context, [...globalDomains(context.instance), ...args.domains]),
})

const set = command({
  name: 'domains:set-global',
  summary: 'give every app a domain below these, and below no others',
  args: { domains },
  examples: ['domains:set-global apps.example.com'],
  right: 'admin',
  run: ({ args, context }) => change(context, args.domains),
})

const remove = command({
  name: 'domains:remove-global',
  summary: 'no longer give apps a domain below these',
  args: { domains: rest('DOMAIN', parseHostName, { complete: (_prefix, { instance }) => globalDomains(instance) }) },
  examples: ['domains:remove-global apps.example.com'],
  right: 'admin',

  async run({ args, context }) {
    const before = globalDomains(context.instance)
    for (const domain of args.domains) if (!before.includes(domain)) context.output.warn(`${domain} is not a global domain`)
    await change(
      context,
      before.filter((domain) => !args.domains.includes(domain)),
    )
  },
})

const clear = command({
  name: 'domains:clear-global',
  summary: 'give apps no domain by themselves',
  examples: ['domains:clear-global'],
  right: 'admin',
  run: ({ context }) => change(context, []),
})

export const globalCommands = [add, set, remove, clear]

/** Stores the global domains and serves every app as follows from them; where a host would be two apps', nothing changes. */
async function change({ instance, output }: Context, wanted: readonly string[]): Promise<void> {
  const before = globalDomains(instance)
  const after = [...new Set(wanted)]
  storeGlobalDomains(instance, after)
  try {
    for (const app of allApps(instance)) assertHostsFree(app, app.hosts)
    await syncRoutes(instance)
  } catch (error) {
    storeGlobalDomains(instance, before)
    throw error
  }
  output.step(after.length === 0 ? 'There are no global domains' : `Global domains: ${after.join(' ')}`)
}

function parseGlobal(word: string): string {
  const host = parseHostName(word)
  if (!host.startsWith('*.')) return host
  throw new UserError('bad-domain', `${host} is a wildcard, and apps get their names below a domain`, { hint: host.slice(2) })
}
