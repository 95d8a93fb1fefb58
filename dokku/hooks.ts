import { type AnswerOf, type Around, defineHooks, event, type Handlers as HandlersOf, type InputOf } from '#plugn'

interface OfApp {
  app: string
}

/** For what has happened already, and cannot be refused. */
const afterwards = { failing: 'passed over', late: 'passed over' } as const

/**
 * Every hook dokku fires, in the order of an app's life. Names and arguments are Dokku's, so that plugins written for it
 * go on working; docs/reference/hooks.md is made from here.
 */
export const hooks = defineHooks({
  'user-auth': event<{ user: string; key: string; words: readonly string[] }>(
    'may this key run this command? failing refuses it',
    ['user', 'key', 'words'],
    {
      timeoutMs: 10_000,
    },
  ),
  'post-create': event<OfApp>('the app exists; nothing is deployed yet', ['app']),
  'post-extract': event<OfApp & { dir: string; revision: string }>('the source is there, and may be changed before anything reads it', [
    'app',
    'dir',
    'revision',
  ]),
  'pre-receive-app': event<OfApp & { builder: string; dir: string; revision: string }>('a builder was chosen; failing stops the deploy', [
    'app',
    'builder',
    'dir',
    'revision',
  ]),
  'pre-build': event<OfApp & { builder: string; dir: string; revision: string }>('before the build; failing stops the deploy', [
    'builder',
    'app',
    'dir',
  ]),
  'post-build': event<OfApp & { builder: string; dir: string; image: string }>('the image is built; failing stops the deploy', [
    'builder',
    'app',
    'dir',
  ]),
  'post-release-builder': event<OfApp & { builder: string; image: string }>('the image has its name; failing stops the deploy', [
    'builder',
    'app',
    'image',
  ]),
  'pre-deploy': event<OfApp & { tag: string }>('before containers start; failing stops the deploy', ['app', 'tag']),
  'nginx-pre-reload': event<OfApp & { port: number; address: string }>(
    'before nginx gets the site of an app: what is written into its nginx.conf, before or after our part, is served; failing, what was written last',
    ['app', 'port', 'address'],
    { timeoutMs: 60_000 },
  ),
  'post-deploy': event<OfApp & { port: number; address: string; tag: string; image: string; version: number }>(
    'the new containers serve',
    ['app', 'port', 'address', 'tag'],
    afterwards,
  ),
  'post-config-update': event<OfApp & { verb: 'set' | 'unset'; pairs: readonly string[] }>('config was stored; of what is set, keys only', [
    'app',
    'verb',
    'pairs',
  ]),
  'post-domains-update': event<OfApp & { verb: string; domains: readonly string[] }>('domains of the app were stored', [
    'app',
    'verb',
    'domains',
  ]),
  'pre-start': event<OfApp>('before a stopped app starts; failing keeps it stopped', ['app']),
  'post-stop': event<OfApp>('the app is stopped', ['app'], afterwards),
  'post-app-clone-setup': event<{ from: string; to: string }>('the copy of an app exists, and nothing of it runs yet', ['from', 'to']),
  'post-app-clone': event<{ from: string; to: string }>('the copy is complete', ['from', 'to'], afterwards),
  'post-app-rename-setup': event<{ from: string; to: string }>('the app has its new name, and nothing else has', ['from', 'to']),
  'post-app-rename': event<{ from: string; to: string }>('the rename is complete', ['from', 'to'], afterwards),
  'pre-delete': event<OfApp & { tag: string }>("before an app's containers, images and repository go; failing keeps it", ['app', 'tag']),
  'post-delete': event<OfApp & { tag: string }>('the app is gone', ['app', 'tag'], afterwards),
})

export type Hooks = typeof hooks

/** What a plugin's `hooks.ts` exports: a misspelt name is a type error. */
export type Handlers = HandlersOf<Hooks>

/** Calls everything that handles a hook; see `dispatch` of plugn. */
export type Fire = <Name extends keyof Hooks>(name: Name, input: InputOf<Hooks[Name]>, own?: Partial<Around>) => Promise<void>

export type { AnswerOf, InputOf }
