import { randomBytes } from 'node:crypto'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { prepareLimits } from '#builder'
import { listen, type Session } from '#execd'
import { repositories } from '#gitreceive'
import { docker } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { readIfThere } from '#lib/files.ts'
import { ownContainer } from '#lib/own-container.ts'
import { appliance } from '#nginx'
import { store } from '#plugn'
import { sweepAddresses } from './addresses.ts'
import { allApps } from './app.ts'
import { joinNetworks } from './app-network.ts'
import { finishRestore } from './backup/restore-instance.ts'
import { keepBackingUp } from './backup/schedule.ts'
import { sweepBackups } from './backup/sweep.ts'
import { confinePlugins, guardVolume } from './confine-plugins.ts'
import { label } from './container.ts'
import { listContainers } from './containers.ts'
import { keepBackups } from './copies.ts'
import { crashes } from './crashes.ts'
import { cron } from './cron.ts'
import { cronClock } from './cron-clock.ts'
import { dispatcher } from './dispatch.ts'
import { keepDiskHistory } from './doctor/disk.ts'
import { draining } from './drains/draining.ts'
import { followEngine } from './events.ts'
import { globalProperties } from './global-properties.ts'
import { roleHealing } from './heal-roles.ts'
import { untilAppliance } from './health.ts'
import { httpDoor } from './http-door.ts'
import { doorSocket, type Instance } from './instance.ts'
import { interruptBuilds } from './interrupt-builds.ts'
import { record } from './journal.ts'
import { publishKeys } from './keys.ts'
import { renewals } from './letsencrypt/renewals.ts'
import { collecting, firing, livePlugins, selecting } from './live-plugins.ts'
import { watchLiveness } from './liveness.ts'
import { keyedQueue, limited } from './locks.ts'
import { actor } from './nested.ts'
import { pluginEnvironment, pluginSocket } from './plugin-environment.ts'
import { cronFolder, preparePluginFolders } from './plugin-library.ts'
import { preparePlugins } from './prepare-plugins.ts'
import { gitDoor } from './push.ts'
import { reconcile } from './reconcile.ts'
import { runJob } from './run-job.ts'
import { restoreCommand } from './self.ts'
import { readSettings } from './settings.ts'
import { openState } from './state.ts'
import { followUpgrade } from './upgrade/follow.ts'
import { viewAll, viewed } from './viewed.ts'
import { holdVolume } from './volume.ts'
import { resumeWebhooks } from './webhook.ts'

/**
 * Where each door's socket is, and who may connect: the gateway by its group, the local admin and git hooks by being root
 * here, plugins by the mark of the call they were made for. The first two stay open while what runs is finished.
 */
const doors = [
  { path: '/run/dokku/hooks/dokku.sock', mode: 0o600 },
  { path: pluginSocket, mode: 0o666, nestedOnly: true },
  { path: '/run/dokku/gateway/dokku.sock', mode: 0o660, gid: 22022 },
  { path: '/run/dokku/admin/dokku.sock', mode: 0o600 },
] as const

/** How long terminals and what only reads may go on once control was told to stop. */
const patienceMs = 8_000

/** How many containers start at once: a start keeps a core busy, and with more of them each is only slower. */
const startsAtOnce = Math.min(Math.max(availableParallelism(), 2), 8)

/** Control: owns all state, serves the doors, brings what runs to what should run. Resolves when told to stop. */
export async function daemon(env: NodeJS.ProcessEnv): Promise<void> {
  const log = pino({ level: env.DOKKU_LOG_LEVEL || 'info' })
  const settings = readSettings(env)
  const engine = await docker()
  const self = await ownContainer(engine)
  const mountpoint = requireVolumes(self.Mounts, settings.dataDir)
  const volume = holdVolume(settings.dataDir, {
    waitMs: 15_000,
    onWait: () => log.info('another control uses the volume: waiting for it to end'),
  })
  if (await finishRestore(settings.dataDir)) log.info('what was restored is the instance now')
  const state = await openState(settings.dataDir, restoreCommand(self, settings.dataDir), env)
  await preparePluginFolders(settings.dataDir)
  await guardVolume(settings.dataDir)
  // Those of a backup are there to be counted, and are not run.
  const installed = store(join(settings.dataDir, settings.scratch ? 'no-plugins' : 'plugins'))
  const plugins = await livePlugins({
    store: installed,
    confine: await confinePlugins(installed),
    environment: (typed) => pluginEnvironment({ ...settings, mountpoint }, actor()?.identity, typed),
    warn: (text) => log.warn(text),
  })
  const session = randomBytes(8).toString('hex')
  const stopping = new AbortController()
  const info: EngineInfo = await engine.info()
  const network = settings.network ?? networkKind(info)
  let automatic: ReturnType<typeof renewals> | undefined
  const instance: Instance = {
    settings,
    mountpoint,
    ...state,
    properties: globalProperties(state.db),
    engine,
    appliance: appliance('/run/dokku/appliance/api.sock'),
    repositories: repositories(join(settings.dataDir, 'repositories'), { hooksPath: await gitHooks() }),
    plugins,
    fire: viewed(firing(plugins), () => instance),
    collect: collecting(plugins),
    select: selecting(plugins),
    cron: cron({
      plugins,
      folder: cronFolder,
      run: (job) => runJob(instance, plugins.environment(), job),
      warn: (text) => record(state.db, { by: 'cron', text }),
    }),
    // Before it runs, whatever changes is looked at when it starts.
    renewals: { poke: () => automatic?.poke() },
    drains: draining(() => instance),
    crashes: crashes(),
    inOrder: keyedQueue(),
    starting: limited(startsAtOnce),
    retiring: new Set(),
    appMemory: settings.appMemory ?? Math.floor(info.MemTotal / 2),
    session,
    builds: new Map(),
    stopping: stopping.signal,
    building: limited(settings.buildConcurrency),
    buildLimits: prepareLimits(engine, {
      image: self.Image,
      memory: settings.buildMemory,
      cpus: settings.buildCpus,
      name: settings.name,
      labels: { [label.session]: session },
    }).catch((error: unknown) => {
      log.warn({ err: error }, 'builds run without caps')
      return undefined
    }),
    ca: await readIfThere(settings.caFile),
    log,
    image: self.Image,
    debian: self.Config.Image,
    network,
  }
  await instance.repositories.sweep()
  await sweepBackups(instance)
  // An app is stored before its repository is made, and a crash may come in between.
  await Promise.all(allApps(instance).map(({ id }) => instance.repositories.ensure(String(id))))
  await viewAll(instance)
  await interruptBuilds(instance)
  await publishKeys(state.db)
  const git = gitDoor(instance)
  const dispatch = dispatcher(instance, plugins, git)
  const running = new Set<Promise<void>>()
  const serve = (nestedOnly: boolean) => (session: Session) => {
    const served = dispatch(session, nestedOnly).finally(() => running.delete(served))
    running.add(served)
    return served
  }
  sweepAddresses(state.db, new Set((await listContainers(instance, {})).map(({ address }) => address)))
  const heal = roleHealing(instance)
  await heal()
  await joinNetworks(instance)
  await untilAppliance(instance)
  const { settled } = await reconcile(instance, { alone: true })
  const opened = await Promise.all(
    doors.map(async (door) => {
      await mkdir(dirname(door.path), { recursive: true })
      return listen(door.path, door, serve('nestedOnly' in door))
    }),
  )
  const http = settings.httpDoor === undefined ? undefined : await httpDoor(instance, git, doorSocket)
  log.info({ name: settings.name, network, plugins: plugins.current.all.length }, 'control is listening')
  const events = followEngine(instance, heal)
  const backups = keepBackups(state.db.path, (error) => log.error({ err: error }, 'the database could not be backed up'))
  const disk = keepDiskHistory(instance)
  void settled.then(() => log.info('every app is as it should be'))
  void instance.cron.reload()
  automatic = settings.scratch ? { poke: () => undefined, close: () => undefined } : renewals(instance)
  const clocks = () => [watchLiveness(instance), cronClock(instance), keepBackingUp(instance)]
  const watching = [events, backups, disk, instance.cron, automatic, ...(settings.scratch ? [] : clocks())]
  if (!settings.scratch) await instance.drains.poke()
  if (!settings.scratch) resumeWebhooks(instance)
  followUpgrade(instance).catch((error: unknown) => log.error({ err: error }, 'nobody knows what became of the upgrade'))
  preparePlugins(instance, self.Id).catch((error: unknown) => log.error({ err: error }, 'installed plugins could not be prepared'))
  await Promise.race([stopSignal(), events.lost])
  log.info({ running: running.size }, 'stopping')
  stopping.abort()
  for (const one of watching) one.close()
  // What changes something is finished, however long it takes: Docker's stop timeout is the bound. A push still calls its hook.
  const [hooks, nested, ...outside] = opened
  http?.close()
  await Promise.all(outside.map((door) => door.drain()))
  await Promise.race([Promise.allSettled(running), sleep(patienceMs)])
  await git.idle()
  await instance.inOrder.idle()
  await instance.drains.close()
  await Promise.all([hooks?.close(), nested?.close(), plugins.current.hooks.close()])
  state.db.close()
  volume.release()
}

/** The one hook of every repository is the thin client, which asks us. Outside the repositories, so that no push can change it. */
async function gitHooks(dir = '/run/dokku/git-hooks'): Promise<string> {
  await mkdir(dir, { recursive: true })
  await rm(join(dir, 'pre-receive'), { force: true })
  await symlink('/usr/local/bin/dokku', join(dir, 'pre-receive'))
  return dir
}

/** State on anything but a volume would go with the container. Answers where the engine's host has it. */
function requireVolumes(mounts: readonly { Destination: string; Source: string }[], dataDir: string): string {
  const [source = ''] = [dataDir, '/run/dokku/gateway', '/run/dokku/appliance'].map((path) => {
    const mount = mounts.find(({ Destination }) => Destination === path)
    if (mount !== undefined) return mount.Source
    throw new UserError('no-volume', `nothing is mounted at ${path}`, { hint: 'start control as the README shows, with its volumes' })
  })
  return source
}

interface EngineInfo {
  OperatingSystem: string
  SecurityOptions?: string[]
  /** Bytes. */
  MemTotal: number
}

/** Docker Desktop and rootless engines have a host network of their own that nobody outside can reach. */
function networkKind(info: EngineInfo): 'host' | 'published' {
  const inside = info.OperatingSystem.includes('Docker Desktop') || info.SecurityOptions?.some((option) => option.includes('rootless'))
  return inside ? 'published' : 'host'
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}
