import { type AnswerOf, type Around, collect, defineHooks, event, type Handlers as HandlersOf, type InputOf, select } from '#plugn'

interface OfApp {
  app: string
}

/** What containers, or a build, of an app are made for. */
interface Containers extends OfApp {
  source: string
  tag: string
  process: string
}

/** For what has happened already, and cannot be refused. */
const afterwards = { failing: 'passed over', late: 'passed over' } as const

/** A container waits for them. */
const soon = { timeoutMs: 60_000 } as const

const options = (of: string, args: readonly (keyof Containers)[]) =>
  collect<Containers>(`options of docker run for ${of}; on standard input are those so far, which may be printed again`, args, soon)

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
  'nginx-hostname': collect<OfApp & { subdomain: string; vhost: string }>(
    'an app gets its name; the first answer is its default host, in place of SUBDOMAIN.VHOST, and one who fails has none',
    ['app', 'subdomain', 'vhost'],
    { timeoutMs: 10_000 },
  ),
  'user-auth-app': collect<{ user: string; key: string; apps: readonly string[] }>(
    'which of these apps may this key see in lists? It prints them; what every plugin prints is seen, and failing shows none',
    ['user', 'key', 'apps'],
    { timeoutMs: 10_000 },
  ),
  'log-drain': event<{ url: string }>(
    'lines of apps, as JSON on standard input, for the drain plugin://NAME/… of this plugin, and of no other; a failure has them come again',
    ['url'],
    { timeoutMs: 15_000 },
  ),
  'post-create': event<OfApp>('the app exists; nothing is deployed yet', ['app']),
  'receive-branch': event<OfApp & { revision: string; ref: string }>(
    'a branch that is not deployed was pushed; failing declines it. Without a plugin that handles it, such a push is declined. git in it finds the commit',
    ['app', 'revision', 'ref'],
  ),
  'post-extract': event<OfApp & { dir: string; revision: string }>('the source is there, and may be changed before anything reads it', [
    'app',
    'dir',
    'revision',
  ]),
  'builder-detect': select<OfApp & { dir: string }>(
    'who builds this tree? The first that prints a name, of a builder of its own or of ours, decides; a setting and app.json go before it',
    ['app', 'dir'],
    soon,
  ),
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
  'builder-build': event<OfApp & { builder: string; dir: string; image: string }>(
    'build the tree, if the builder is yours: make an image of that name. What it prints is the output of the build; failing stops the deploy',
    ['builder', 'app', 'dir', 'image'],
    { timeoutMs: 3_600_000 },
  ),
  'docker-args-build': options('a build', ['app', 'source']),
  'docker-args-process-build': options('a build', ['app', 'source', 'tag']),
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
  'docker-args-deploy': options('the containers of a release, once for each process type', ['app', 'tag', 'process']),
  'docker-args-process-deploy': options('the containers of a release, once for each process type', ['app', 'source', 'tag', 'process']),
  'docker-args-run': options('a one-off container', ['app', 'tag']),
  'docker-args-process-run': options('a one-off container', ['app', 'source', 'tag']),
  'post-container-create': event<OfApp & { kind: 'app'; container: string; phase: 'deploy' | 'run'; process: string }>(
    'a container of the app is made, and not started yet; failing keeps it from being started',
    ['kind', 'container', 'app', 'phase', 'process'],
    soon,
  ),
  'check-deploy': event<OfApp & { container: string; process: string; port: number; address: string; index: number }>(
    'a new container of a deploy is ready; failing stops the deploy',
    ['app', 'container', 'process', 'port', 'address', 'index'],
  ),
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
  'proxy-names': collect<object>('which proxies are you? Print their names, one a line, for proxy:set APP type', [], { timeoutMs: 10_000 }),
  'proxy-serve': event<OfApp & { type: string; hosts: readonly string[]; upstreams: readonly string[]; encrypted: boolean }>(
    'serve the app by these hosts, from these addresses and no others, if the proxy is yours; failing, it is served as before. Hosts and addresses are in the JSON that plugin.toml can ask for; its certificate is in its folder',
    ['type', 'app'],
    { timeoutMs: 60_000 },
  ),
  'proxy-leave': event<OfApp & { type: string }>('serve the app no more, if the proxy is yours', ['type', 'app'], {
    ...afterwards,
    timeoutMs: 60_000,
  }),
  'letsencrypt-dns': event<{ verb: 'add' | 'remove'; domain: string; name: string; value: string }>(
    'a certificate authority looks for a TXT record of this name and value: add it and wait until it can be seen, or remove it; failing ends the order',
    ['verb', 'domain', 'name', 'value'],
    { timeoutMs: 300_000 },
  ),
  'post-proxy-ports-update': event<OfApp & { verb: string }>('ports of the app were stored', ['app', 'verb'], afterwards),
  'post-certs-update': event<OfApp>('the app has a certificate, or a new one', ['app'], afterwards),
  'post-certs-remove': event<OfApp>('the app has no certificate any more', ['app'], afterwards),
  report: event<OfApp>('lines about the app for `report`', ['app'], afterwards),
  'pre-restore': event<OfApp & { scheduler: 'docker-local' }>(
    'before an app that does not run is started, when control starts',
    ['scheduler', 'app'],
    { ...afterwards, ...soon },
  ),
  'cron-entries': collect<{ scheduler: 'docker-local' }>(
    'what is to run by itself: SCHEDULE;COMMAND;LOGFILE a line, the last of which may be left out; failing, what was said last',
    ['scheduler'],
    soon,
  ),
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

export const hookNames: readonly string[] = Object.keys(hooks)

/** What a plugin's `hooks.ts` exports: a misspelt name is a type error. */
export type Handlers = HandlersOf<Hooks>

/** Calls everything that handles a hook; see `dispatch` of plugn. */
export type Fire = <Name extends keyof Hooks>(name: Name, input: InputOf<Hooks[Name]>, own?: Partial<Around>) => Promise<void>

/** Asks everything that handles a hook; see `collect` of plugn. */
export type Collect = <Name extends keyof Hooks>(
  name: Name,
  input: InputOf<Hooks[Name]>,
  own?: Partial<Around>,
) => Promise<AnswerOf<Hooks[Name]>[]>

/** Asks until something that handles a hook has an answer; see `select` of plugn. */
export type Select = <Name extends keyof Hooks>(
  name: Name,
  input: InputOf<Hooks[Name]>,
  own?: Partial<Around>,
) => Promise<AnswerOf<Hooks[Name]> | undefined>

export type { AnswerOf, InputOf }
