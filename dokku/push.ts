import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { Session } from '#execd'
import { attach } from '#execd'
import {
  checkQuota,
  checkUnmoved,
  currentCommit,
  type Deploy,
  decide,
  hookEnvironment,
  parseService,
  parseUpdates,
  type ServiceName,
  serviceCommand,
} from '#gitreceive'
import type { Output } from '#lib/output.ts'
import { authorize, type Identity, may } from './access.ts'
import { type App, allApps, appMissing } from './app.ts'
import { heard } from './by.ts'
import { computedProperty } from './computed-property.ts'
import { createApp } from './create.ts'
import type { Instance } from './instance.ts'
import { checkAppName } from './names.ts'
import { actAs } from './nested.ts'
import { noted } from './noted.ts'
import { currentRelease } from './release.ts'
import { type About, codeOf } from './serve-caller.ts'
import { receiveInTurn } from './turn.ts'
import { maybeSeen, seenApp } from './visible.ts'

interface Push {
  app: App
  identity: Identity
  about: About
  /** Did a password come over a connection that others can read? */
  insecure: boolean
  /** Resolves once git has ended: the ref is stored, or it never will be. */
  ended: Promise<void>
}

/** What a service of git runs with. */
export interface GitCall {
  /** The bare repository. */
  path: string
  env: Record<string, string>
}

/** Git as a door: services for its clients, however they came in, and the pre-receive hook that deploys. */
export function gitDoor(instance: Instance) {
  const pushes = new Map<string, Push>()

  return {
    /** Resolves once no git client is served any more. */
    idle: async (): Promise<void> => {
      await Promise.all([...pushes.values()].map(({ ended }) => ended))
    },

    /** Is this command line git's? */
    serves: (words: string[]): boolean => parseService(words) !== undefined,

    /** Speaks git's protocol to a client at a session. */
    async serve(words: string[], identity: Identity, session: Session, about: About): Promise<number> {
      const asked = parseService(words)
      if (asked === undefined) throw new Error(`${words[0]} is no git service`)
      const app = await open(asked.service, asked.name, identity, about)
      return await during({ app, identity, about, protocol: session.header.gitProtocol }, async ({ path, env }) =>
        attach(session, serviceCommand(asked.service, path), { cwd: path, env, survive: asked.service === 'git-receive-pack' }),
      )
    },

    open,
    during,

    /**
     * git calls pre-receive inside a push: what it declines is not stored. The app's next change begins only after git
     * has stored the ref, which is after this hook.
     */
    async preReceive(session: Session, output: Output): Promise<void> {
      const push = pushes.get(session.header.env.DOKKU_PUSH ?? '')
      if (push === undefined) throw new Error('pre-receive was called outside a push')
      try {
        await receivePush(push, session, output)
      } catch (error) {
        push.about.error = codeOf(error)
        throw error
      }
    },
  }

  async function receivePush(push: Push, session: Session, output: Output): Promise<void> {
    const { app, identity, insecure } = push
    if (insecure) output.warn('The token came over plain HTTP, and whoever is on the way could read it')
    const refs = parseUpdates(await text(session.stdin))
    // What was sent may have taken long: who sent it may have been shut out meanwhile.
    identity.revoked?.throwIfAborted()
    authorize(identity, 'deploy', 'push', app)
    const deployBranch = computedProperty(app, 'git deploy-branch')
    const policy = { others: await instance.plugins.handles('receive-branch'), ...(deployBranch === undefined ? {} : { deployBranch }) }
    const { deploy, others } = decide(refs, policy)
    await checkQuota(instance.repositories.path(String(app.id)), refs, session.header.env)
    // Plugins that call dokku do so with the rights of whoever pushes.
    await actAs({ identity, output }, async () => {
      for (const branch of others) await tellOfBranch(push, branch, session.header.env, output)
      if (deploy !== undefined) await deployPush(push, deploy, session.header.env, output)
    })
  }

  /** The app that somebody pushes to or fetches from; a push to a new name creates it. */
  async function open(service: ServiceName, name: string, identity: Identity, about: About): Promise<App> {
    about.text = `git ${service.slice('git-'.length)}`
    about.app = checkAppName(name)
    about.changes = service === 'git-receive-pack'
    if (about.changes && maybeSeen({ instance, identity }, name) === undefined) {
      authorize(identity, 'deploy', `create the app ${name}`)
      if (instance.properties.get('apps disable-autocreation') === 'true')
        throw appMissing(
          name,
          allApps(instance).filter((one) => may(identity, 'view', one)),
        )
      return await createApp(instance, name)
    }
    const app = seenApp({ instance, identity }, name)
    authorize(identity, 'deploy', about.changes ? 'push' : 'fetch', app)
    return app
  }

  /** Runs a service of git; its hook finds by its environment who pushes what. */
  async function during(
    {
      protocol,
      insecure = false,
      ...who
    }: { app: App; identity: Identity; about: About; protocol: string | undefined; insecure?: boolean },
    work: (call: GitCall) => Promise<number>,
  ): Promise<number> {
    const { app } = who
    const path = await instance.repositories.ensure(String(app.id))
    const token = randomBytes(16).toString('hex')
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    pushes.set(token, { ...who, insecure, ended })
    try {
      return await work({ path, env: hookEnvironment({ DOKKU_PUSH: token }, protocol) })
    } finally {
      pushes.delete(token)
      end()
    }
  }

  /** Whoever handles it finds the commit as git does in a hook: it is not stored yet. */
  async function tellOfBranch(
    { app, identity, about }: Push,
    { branch, commit }: Deploy,
    env: Record<string, string>,
    output: Output,
  ): Promise<void> {
    const around = { ...heard({ output }), env: { ...env, GIT_DIR: instance.repositories.path(String(app.id)) } }
    about.text = `git push ${branch} ${commit.slice(0, 8)}`
    const { text } = about
    const what = () => ({ app: app.name, by: identity.name, text })
    const input = { app: app.name, revision: commit, ref: `refs/heads/${branch}` }
    await noted(instance, what, () => instance.fire('receive-branch', input, around))
  }

  async function deployPush(
    { app, identity, about, ended: until }: Push,
    deploy: Deploy,
    env: Record<string, string>,
    output: Output,
  ): Promise<void> {
    const user = identity.name
    about.text = `git push ${deploy.branch} ${deploy.commit.slice(0, 8)}`
    const { text } = about
    const what = () => ({ app: app.name, by: user, text })
    const repository = instance.repositories.path(String(app.id))
    const check = async () => checkUnmoved(deploy, await currentCommit(repository, `refs/heads/${deploy.branch}`))
    const source = { kind: 'commit', repository, commit: deploy.commit, env } as const
    await noted(instance, what, () => receiveInTurn(app, source, { user, output, signal: identity.revoked }, { check, until }))
    about.release = currentRelease(app)?.version
  }
}
