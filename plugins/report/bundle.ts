import {
  type App,
  actAs,
  type Context,
  containersOf,
  controlLog,
  diagnose,
  lastEvents,
  listBuilds,
  listReleases,
  may,
  printReports,
  redactedOutput,
  redactor,
  secretsOf,
  version,
} from 'dokku'

/** What is said of the engine and its machine. */
interface EngineFacts {
  ServerVersion: string
  OperatingSystem: string
  KernelVersion: string
  Architecture: string
  Driver: string
  CgroupVersion?: string
  NCPU: number
  MemTotal: number
}

/** Prints all that helps to find what is wrong, and nothing that is secret; about the machine only to an admin. */
export async function printBundle(apps: readonly App[], given: Context): Promise<void> {
  const redact = redactor(secretsOf(given.instance))
  const context = { ...given, output: redactedOutput(given.output, redact) }
  await actAs({ identity: context.identity, output: context.output }, async () => {
    const admin = may(context.identity, 'admin')
    await ofInstance(context, admin)
    for (const one of apps) await ofApp(one, context)
    if (!admin) return
    context.output.result('Log of control')
    for (const line of await controlLog(context.instance, 200)) context.output.line(line)
  })
}

async function ofInstance({ instance, output }: Context, admin: boolean): Promise<void> {
  const facts = (await instance.engine.info()) as EngineFacts
  output.step(`dokku version: ${version}`)
  output.step(`docker version: ${facts.ServerVersion}`)
  if (admin) {
    const { OperatingSystem, KernelVersion, Architecture, Driver, CgroupVersion, NCPU, MemTotal } = facts
    output.step('machine:')
    output.detail(`${OperatingSystem}, Linux ${KernelVersion} ${Architecture}, ${NCPU} processors, ${Math.round(MemTotal / 2 ** 20)} MiB`)
    output.detail(`storage ${Driver}, cgroups v${CgroupVersion ?? '?'}, appliance ${instance.network}`)
    output.step('settings:')
    for (const [key, value] of Object.entries(instance.settings)) output.detail(`${key}: ${String(value ?? '')}`)
  }
  output.step('plugins:')
  for (const { name, enabled } of await instance.plugins.store.list()) output.detail(`${name} ${enabled ? 'enabled' : 'disabled'}`)
  if (!admin) return
  output.step('doctor:')
  for (const { check, findings } of await diagnose(instance))
    for (const { level, text } of findings) output.detail(`${check}: ${level}: ${text}`)
}

async function ofApp(one: App, context: Context): Promise<void> {
  const { output, instance } = context
  await printReports(one, context)
  output.result(`${one.name} containers`)
  for (const { process, index, version: of, state, stage } of await containersOf(one))
    output.detail(`${process}.${index} v${of} ${state} ${stage}`)
  output.result(`${one.name} releases and builds`)
  for (const { version: number, createdAt, description } of listReleases(one).slice(0, 5))
    output.detail(`v${number} ${createdAt} ${description}`)
  for (const { number, status, error } of listBuilds(one).slice(0, 5)) output.detail(`build ${number} ${status} ${error ?? ''}`.trimEnd())
  output.result(`${one.name} events`)
  for (const { at, by, text } of lastEvents(instance.db, { apps: [one.name], count: 20 })) output.detail(`${at} ${by} ${text}`)
}
