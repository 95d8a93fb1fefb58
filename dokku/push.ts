import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { Session } from '#execd'
import { attach } from '#execd'
import { checkUnmoved, currentCommit, type Deploy, decide, hookEnvironment, parseService, parseUpdates, serviceCommand } from '#gitreceive'
import type { Output } from '#lib/output.ts'
import { type App, findApp, maybeApp } from './app.ts'
import { createApp } from './create.ts'
import type { Instance } from './instance.ts'
import { checkAppName } from './names.ts'
import { noted } from './noted.ts'
import { receiveInTurn } from './turn.ts'

interface Push {
  app: App
  user: string
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
    async serve(words: string[], user: string, session: Session): Promise<number> {
      const service = parseService(words)
      if (service === undefined) throw new Error(`${words[0]} is no git service`)
      const name = checkAppName(service.name)
      const receives = service.service === 'git-receive-pack'
      const app = receives ? (maybeApp(instance, name) ?? (await createApp(instance, name))) : findApp(instance, name)
      const path = await instance.repositories.ensure(String(app.id))
      const token = randomBytes(16).toString('hex')
      const { promise: ended, resolve: end } = Promise.withResolvers<void>()
      pushes.set(token, { app, user, ended })
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
      const { deploy } = decide(refs, deployBranch === undefined ? {} : { deployBranch })
      if (deploy === undefined) return
      await deployPush(push, deploy, session.header.env, output)
    },
  }

  async function deployPush({ app, user, ended: until }: Push, deploy: Deploy, env: Record<string, string>, output: Output): Promise<void> {
    const what = () => ({ app: app.name, by: user, text: `git push ${deploy.branch} ${deploy.commit.slice(0, 8)}` })
    const repository = instance.repositories.path(String(app.id))
    const check = async () => checkUnmoved(deploy, await currentCommit(repository, `refs/heads/${deploy.branch}`))
    const source = { kind: 'commit', repository, commit: deploy.commit, env } as const
    await noted(instance, what, () => receiveInTurn(app, source, { user, output }, { check, until }))
  }
}
