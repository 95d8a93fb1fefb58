import { type Started, signalGroup } from '#lib/exec.ts'
import type { AppState, Check } from './outcome.ts'
import * as outcome from './outcome.ts'
import type { Random } from './random.ts'
import type { Rig } from './rig.ts'
import { sourceOf } from './sample-app.ts'

/** How a client ended; undefined when it was killed or had to be. */
export type Status = number | undefined

/** One operation, chosen and ready to go. */
export interface Operation {
  words: string
  /** About how many steps are seen while it goes on. */
  steps: number
  run(): Promise<Status>
  /** Has it happened as a whole? */
  whole: Check
  /** What it may have come to as well, when the client was told nothing. */
  instead?: Check
  /** What must hold besides, once the client was told so. */
  acknowledged?: Check
  /** Other names that it may give the app, or give to others. */
  names?: readonly string[]
  /** Does it end as a build? */
  builds?: boolean
}

interface Kind {
  steps: number
  begin(rig: Rig, app: AppState, random: Random): Omit<Operation, 'steps'> | Promise<Omit<Operation, 'steps'>>
}

/** How long a client may take, whatever is done to the other end. */
const patienceMs = 100_000

let serial = 0

const command =
  (rig: Rig, ...words: string[]) =>
  () =>
    ended(rig, rig.instance.sshStart(words))

/** Waits for a client and tells its lines as steps. */
async function ended(rig: Rig, started: Started, onLine: (line: string) => void = () => {}): Promise<Status> {
  started.stdin.on('error', () => undefined).end()
  for (const stream of [started.stdout, started.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
        rig.steps.seen(`client: ${line.trim().slice(0, 60)}`)
        onLine(line)
      }
    })
  const timer = setTimeout(() => signalGroup(started, 'SIGKILL'), patienceMs)
  const { exitCode } = await started
  clearTimeout(timer)
  return exitCode
}

async function push(rig: Rig, app: AppState, seconds: number): Promise<{ commit: string; start: () => Started }> {
  const commit = await rig.source.commit(sourceOf(`push-${process.pid}-${++serial}`, seconds))
  return { commit, start: () => rig.instance.pushStart(rig.source, app.name, ['+main']) }
}

/** Everything that changes what an app runs, by its name. */
export const operations = {
  image: {
    steps: 12,
    async begin(rig, app, random) {
      const reference = random.pick(rig.images)
      const { Id: id } = await rig.docker.getImage(reference).inspect()
      return {
        words: `git:from-image ${reference.split(':').at(-1)}`,
        run: command(rig, 'git:from-image', app.name, reference),
        whole: outcome.released({ image: id, revision: reference }),
        builds: true,
      }
    },
  },
  push: {
    steps: 26,
    async begin(rig, app) {
      const { commit, start } = await push(rig, app, 0)
      return {
        words: 'git push',
        run: () => ended(rig, start()),
        whole: outcome.pushed(commit),
        acknowledged: outcome.stored(commit),
        builds: true,
      }
    },
  },
  cancel: {
    steps: 12,
    async begin(rig, app) {
      const { commit, start } = await push(rig, app, 4)
      const run = async () => {
        const answered = Promise.withResolvers<Status>()
        let asked = false
        let cancelled = false
        const pushed = ended(rig, start(), (line) => {
          if (asked || !/sleep 4/.test(line)) return
          asked = true
          // It may come when the build has ended with control, and then says that nothing is under way.
          const heard = (answer: string) => {
            if (answer.includes('is cancelled')) cancelled = true
          }
          void ended(rig, rig.instance.sshStart(['builds:cancel', app.name]), heard).then(answered.resolve)
        })
        const status = await pushed
        if (!asked) return 1
        return (await answered.promise) === 0 && cancelled && status !== 0 ? 0 : 1
      }
      return { words: 'a cancelled git push', run, whole: outcome.cancelled, instead: outcome.pushed(commit), builds: true }
    },
  },
  scale: {
    steps: 14,
    begin(rig, app, random) {
      const process = app.processes.includes('worker') ? random.pick(['web', 'worker']) : 'web'
      const count = random.pick([1, 2, 3])
      return {
        words: `ps:scale ${process}=${count}`,
        run: command(rig, 'ps:scale', app.name, `${process}=${count}`),
        whole: outcome.released({ formation: { ...app.current?.formation, [process]: count }, mayStayStopped: true }),
      }
    },
  },
  config: {
    steps: 14,
    begin(rig, app) {
      const word = `word-${++serial}`
      return {
        words: 'config:set',
        run: command(rig, 'config:set', app.name, `WORD=${word}`),
        whole: outcome.released({ config: { ...app.config, WORD: word }, mayStayStopped: true }),
      }
    },
  },
  rollback: {
    steps: 12,
    begin(rig, app) {
      const target = app.releases.filter((one) => one.version < (app.current?.version ?? 0)).at(-1)
      const { image, revision, config, formation } = target ?? {}
      return {
        words: `releases:rollback to v${target?.version}`,
        run: command(rig, 'releases:rollback', app.name),
        whole: outcome.released({ image, revision, config, formation }),
      }
    },
  },
  restart: {
    steps: 12,
    begin: (rig, app) => ({ words: 'ps:restart', run: command(rig, 'ps:restart', app.name), whole: outcome.restarted }),
  },
  stop: {
    steps: 5,
    begin: (rig, app) => ({ words: 'ps:stop', run: command(rig, 'ps:stop', app.name), whole: outcome.stopped(true) }),
  },
  start: {
    steps: 6,
    begin: (rig, app) => ({ words: 'ps:start', run: command(rig, 'ps:start', app.name), whole: outcome.stopped(false) }),
  },
  rename: {
    steps: 8,
    begin(rig, app) {
      const name = `${app.name.split('-').slice(0, 3).join('-')}-r${++serial}`
      return { words: `apps:rename ${name}`, run: command(rig, 'apps:rename', app.name, name), whole: outcome.renamed(name), names: [name] }
    },
  },
  clone: {
    steps: 12,
    begin(rig, app) {
      const name = `${app.name}-c${++serial}`
      return { words: `apps:clone ${name}`, run: command(rig, 'apps:clone', app.name, name), whole: outcome.cloned(name), names: [name] }
    },
  },
  destroy: {
    steps: 8,
    begin: (rig, app) => ({ words: 'apps:destroy', run: command(rig, '--force', 'apps:destroy', app.name), whole: outcome.destroyed }),
  },
} satisfies Record<string, Kind>

export type OperationName = keyof typeof operations
