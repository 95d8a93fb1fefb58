import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { Session } from '#execd'
import { attach } from '#execd'
import { checkUnmoved, currentCommit, decide, hookEnvironment, parseService, parseUpdates, serviceCommand } from '#gitreceive'
import type { Output } from '#lib/output.ts'
import { type App, createApp, findApp, maybeApp } from './app.ts'
import type { Instance } from './instance.ts'
import { checkAppName } from './names.ts'
import { receive } from './workflow.ts'

interface Push {
  app: App
  user: string
}

/** The git side of the SSH door: services for git clients, and the pre-receive hook that deploys. */
export function gitDoor(instance: Instance) {
  const pushes = new Map<string, Push>()

  return {
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
      pushes.set(token, { app, user })
      try {
        return await attach(session, serviceCommand(service.service, path), {
          cwd: path,
          env: hookEnvironment({ DOKKU_PUSH: token }, session.header.gitProtocol),
          survive: receives,
        })
      } finally {
        pushes.delete(token)
      }
    },

    /** git calls pre-receive inside a push: what it declines is not stored. */
    async preReceive(session: Session, output: Output): Promise<void> {
      const push = pushes.get(session.header.env.DOKKU_PUSH ?? '')
      if (push === undefined) throw new Error('pre-receive was called outside a push')
      const { app, user } = push
      const deployBranch = app.properties.get('git deploy-branch')
      const refs = parseUpdates(await text(session.stdin))
      const { deploy } = decide(refs, deployBranch === undefined ? {} : { deployBranch })
      if (deploy === undefined) return
      const repository = instance.repositories.path(String(app.id))
      const env = session.header.env
      await instance.inOrder(
        app.id,
        async () => {
          checkUnmoved(deploy, await currentCommit(repository, `refs/heads/${deploy.branch}`))
          findApp(instance, app.name)
          await receive(app, { kind: 'commit', repository, commit: deploy.commit, env }, { user, output })
        },
        () => output.detail(`Waiting for another deploy of ${app.name} to end`),
      )
    },
  }
}
