import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { Session } from '#execd'
import { attach } from '#execd'
import { checkUnmoved, currentCommit, type Deploy, decide, hookEnvironment, parseService, parseUpdates, serviceCommand } from '#gitreceive'
import type { Output } from '#lib/output.ts'
import type { Identity } from './access.ts'
import { type App, findApp, maybeApp } from './app.ts'
import { heard } from './by.ts'
import { createApp } from './create.ts'
import type { Instance } from './instance.ts'
import { checkAppName } from './names.ts'
import { actAs } from './nested.ts'
import { noted } from './noted.ts'
import { receiveInTurn } from './turn.ts'

interface Push {
  app: App
  identity: Identity
  /** Resolves once git has ended: the ref is stored, or it never will be. */
  ended: Promise<void>
}

/** The git side of the SSH door: services for git clients, and the pre-receive hook that deploys. */
export function gitDoor(instance: Instance) {
  const pushes = new Map<string, Push>()

  return {
    /** Resolves once no git client is served any more. */
    idle: async (): Promise<void> => {
      await Promise.all([...pushes.values()].map(({ ended }) => ended))
    },

    /** Is this command line git's? */
    serves: (words: string[]): boolean => parseService(words) !== undefined,

    /** Speaks git's protocol to the client; a push to a new name creates the app. */
    async serve(words: string[], identity: Identity, session: Session): Promise<number> {
      const service = parseService(words)
      if (service === undefined) throw new Error(`${words[0]} is no git service`)
      const name = checkAppName(service.name)
      const receives = service.service === 'git-receive-pack'
      const app = receives ? (maybeApp(instance, name) ?? (await createApp(instance, name))) : findApp(instance, name)
      const path = await instance.repositories.ensure(String(app.id))
      const token = randomBytes(16).toString('hex')
      const { promise: ended, resolve: end } = Promise.withResolvers<void>()
      pushes.set(token, { app, identity, ended })
      try {
        return await attach(session, serviceCommand(service.service, path), {
          cwd: path,
          env: hookEnvironment({ DOKKU_PUSH: token }, session.header.gitProtocol),
          survive: receives,
        })
      } finally {
        pushes.delete(token)
        end()
      }
    },

    /**
     * git calls pre-receive inside a push: what it declines is not stored. The app's next change begins only after git
     * has stored the ref, which is after this hook.
     */
    async preReceive(session: Session, output: Output): Promise<void> {
      const push = pushes.get(session.header.env.DOKKU_PUSH ?? '')
      if (push === undefined) throw new Error('pre-receive was called outside a push')
      const refs = parseUpdates(await text(session.stdin))
      const deployBranch = push.app.properties.get('git deploy-branch')
      const policy = { others: await instance.plugins.handles('receive-branch'), ...(deployBranch === undefined ? {} : { deployBranch }) }
      const { deploy, others } = decide(refs, policy)
      // Plugins that call dokku do so with the rights of whoever pushes.
      await actAs({ identity: push.identity, output }, async () => {
        for (const branch of others) await tellOfBranch(push, branch, session.header.env, output)
        if (deploy !== undefined) await deployPush(push, deploy, session.header.env, output)
      })
    },
  }

  /** Whoever handles it finds the commit as git does in a hook: it is not stored yet. */
  async function tellOfBranch(
    { app, identity }: Push,
    { branch, commit }: Deploy,
    env: Record<string, string>,
    output: Output,
  ): Promise<void> {
    const around = { ...heard({ output }), env: { ...env, GIT_DIR: instance.repositories.path(String(app.id)) } }
    const what = () => ({ app: app.name, by: identity.name, text: `git push ${branch} ${commit.slice(0, 8)}` })
    const input = { app: app.name, revision: commit, ref: `refs/heads/${branch}` }
    await noted(instance, what, () => instance.fire('receive-branch', input, around))
  }

  async function deployPush(
    { app, identity, ended: until }: Push,
    deploy: Deploy,
    env: Record<string, string>,
    output: Output,
  ): Promise<void> {
    const user = identity.name
    const what = () => ({ app: app.name, by: user, text: `git push ${deploy.branch} ${deploy.commit.slice(0, 8)}` })
    const repository = instance.repositories.path(String(app.id))
    const check = async () => checkUnmoved(deploy, await currentCommit(repository, `refs/heads/${deploy.branch}`))
    const source = { kind: 'commit', repository, commit: deploy.commit, env } as const
    await noted(instance, what, () => receiveInTurn(app, source, { user, output }, { check, until }))
  }
}
