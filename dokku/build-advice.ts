import type { BuildRequest } from '#builder'

/** How an app's build gets what it lacks, in dokku's commands. */
export function buildAdvice(app: string): NonNullable<BuildRequest['advice']> {
  const fields: Readonly<Record<string, string>> = {
    attach: `logs ${app}`,
    'build.no_cache': `docker-options:add ${app} build --no-cache`,
    'build.secrets': `config:set --build ${app} NAME=VALUE, and RUN --mount=type=secret,id=NAME`,
    'build.ssh': `config:set --build ${app} NAME=KEY, and RUN --mount=type=secret,id=NAME`,
    configs: `config:set ${app} NAME=VALUE, and \${NAME} in environment`,
    'deploy.mode': `ps:scale ${app} PROCESS=N`,
    'deploy.restart_policy': `ps:set ${app} restart-policy POLICY`,
    restart: `ps:set ${app} restart-policy POLICY`,
    secrets: `config:set ${app} NAME=VALUE, and \${NAME} in environment`,
    stdin_open: `enter ${app} and run ${app} have a terminal`,
    tty: `enter ${app} and run ${app} have a terminal`,
  }
  return {
    memory: 'raise it with DOKKU_BUILD_MEMORY',
    secret: (name) => `config:set --build ${app} ${name}=VALUE gives it`,
    instead: (field, usually) =>
      fields[field] ?? (usually.startsWith('--') ? `docker-options:add --process PROCESS ${app} deploy ${usually}` : usually),
  }
}
