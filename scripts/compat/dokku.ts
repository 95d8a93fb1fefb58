/** Daily, common, rare or legacy. */
export type Tier = 'A' | 'B' | 'C'

/** Dokku's commands by group and tier, each with the flags that scripts give it; written down from Dokku 0.38.27. */
export const dokkuCommands: Readonly<Record<string, Partial<Record<Tier, readonly string[]>>>> = {
  'the top': {
    A: ['help --all', 'version'],
    B: ['urls', 'url', 'report'],
    C: ['cleanup', 'deploy', 'shell', 'trace:on', 'trace:off'],
  },
  apps: {
    A: ['apps:create', 'apps:destroy --force', 'apps:list --format'],
    B: ['apps:exists', 'apps:rename --skip-deploy', 'apps:clone --skip-deploy --ignore-existing', 'apps:report --format', 'apps:unlock'],
    C: ['apps:lock', 'apps:locked', 'apps:set'],
  },
  config: {
    A: [
      'config:show --merged',
      'config:set --no-restart --encoded --global',
      'config:unset --no-restart --global',
      'config:get --quoted --global',
    ],
    B: ['config:export --format --merged', 'config:keys --merged', 'config:import --replace --no-restart', 'config:clear --no-restart'],
    C: ['config:bundle --merged'],
  },
  git: {
    A: ['git:sync --build --build-if-changes', 'git:from-image', 'git:set --global'],
    B: [
      'git:from-archive --archive-type',
      'git:load-image',
      'git:auth',
      'git:allow-host',
      'git:public-key',
      'git:generate-deploy-key',
      'git:report --format',
      'git:status',
    ],
    C: ['git:initialize', 'git:auth-status', 'git:unlock'],
  },
  ps: {
    A: [
      'ps:scale --skip-deploy',
      'ps:restart --all --parallel',
      'ps:rebuild --all --parallel',
      'ps:report --format',
      'ps:stop --all --parallel',
      'ps:start --all --parallel',
    ],
    B: ['ps:set', 'ps:inspect', 'ps:restore --all --parallel'],
    C: ['ps:retire'],
  },
  logs: {
    A: ['logs --tail --num --ps --quiet'],
    B: ['logs:failed --all', 'logs:set', 'logs:report --format'],
    C: ['logs:vector-start', 'logs:vector-stop', 'logs:vector-logs'],
  },
  run: {
    A: ['run --env --no-tty --ttl-seconds'],
    B: ['run:detached --env --ttl-seconds', 'run:list --format', 'run:logs --tail --num', 'run:stop'],
    C: ['run:retire'],
  },
  enter: { A: ['enter --container-id'] },
  domains: {
    A: ['domains:add', 'domains:remove', 'domains:set', 'domains:report --format', 'domains:set-global'],
    B: ['domains:clear', 'domains:add-global', 'domains:remove-global', 'domains:clear-global', 'domains:disable', 'domains:enable'],
    C: ['domains:reset', 'domains:setup'],
  },
  ports: {
    A: ['ports:set', 'ports:add', 'ports:report --format', 'ports:list --format'],
    B: ['ports:remove', 'ports:clear'],
  },
  certs: {
    A: ['certs:add', 'certs:report --format'],
    B: ['certs:update', 'certs:remove', 'certs:generate'],
    C: ['certs:show'],
  },
  letsencrypt: {
    A: ['letsencrypt:enable', 'letsencrypt:set --global', 'letsencrypt:cron-job --add --remove'],
    B: [
      'letsencrypt:disable',
      'letsencrypt:list',
      'letsencrypt:auto-renew',
      'letsencrypt:revoke',
      'letsencrypt:cleanup',
      'letsencrypt:active',
      'letsencrypt:report --format',
    ],
  },
  'ssh-keys': { A: ['ssh-keys:add', 'ssh-keys:list --format', 'ssh-keys:remove --fingerprint'] },
  storage: {
    A: ['storage:mount', 'storage:unmount', 'storage:list --format', 'storage:ensure-directory --chown'],
    B: [
      'storage:create',
      'storage:destroy',
      'storage:info',
      'storage:list-entries',
      'storage:set',
      'storage:exec',
      'storage:report --format',
    ],
    C: [
      'storage:migrate',
      'storage:wait',
      'storage:annotations:set',
      'storage:annotations:report',
      'storage:labels:set',
      'storage:labels:report',
    ],
  },
  plugin: {
    A: ['plugin:install --committish --name --skip-install-trigger --core', 'plugin:list --format'],
    B: ['plugin:update', 'plugin:uninstall', 'plugin:enable', 'plugin:disable', 'plugin:installed'],
    C: ['plugin:install-dependencies', 'plugin:trigger'],
  },
  checks: {
    B: ['checks:skip', 'checks:disable', 'checks:enable', 'checks:set', 'checks:report --format', 'checks:run'],
  },
  proxy: {
    B: [
      'proxy:report --format',
      'proxy:set',
      'proxy:build-config --all --parallel',
      'proxy:disable',
      'proxy:enable',
      'proxy:clear-config --all',
    ],
    C: ['proxy:ports', 'proxy:ports-add', 'proxy:ports-set', 'proxy:ports-remove', 'proxy:ports-clear'],
  },
  nginx: {
    B: [
      'nginx:access-logs --tail',
      'nginx:error-logs --tail',
      'nginx:set --global',
      'nginx:show-config',
      'nginx:validate-config --clean',
      'nginx:report --format',
      'nginx:reload',
    ],
    C: ['nginx:start', 'nginx:stop', 'nginx:show-conf', 'nginx:validate'],
  },
  'docker-options': {
    B: [
      'docker-options:add --process',
      'docker-options:remove --process',
      'docker-options:report --format',
      'docker-options:list --format',
      'docker-options:clear --process',
    ],
  },
  network: {
    B: [
      'network:create',
      'network:list --format',
      'network:destroy --force',
      'network:set --global',
      'network:report --format',
      'network:rebuild',
    ],
    C: ['network:exists', 'network:info --format', 'network:rebuildall'],
  },
  builder: {
    B: ['builder:set --global', 'builder:report --format', 'builder-dockerfile:set --global'],
    C: [
      'builder-dockerfile:report --format',
      ...['herokuish', 'pack', 'nixpacks', 'railpack', 'lambda'].flatMap((name) => [`builder-${name}:set`, `builder-${name}:report`]),
    ],
  },
  buildpacks: {
    B: ['buildpacks:add --index', 'buildpacks:set --index', 'buildpacks:list --format', 'buildpacks:remove', 'buildpacks:clear'],
    C: ['buildpacks:detect', 'buildpacks:set-property --global', 'buildpacks:report --format'],
  },
  builds: {
    B: ['builds:list --format', 'builds:output', 'builds:cancel'],
    C: ['builds:info --format', 'builds:prune', 'builds:set', 'builds:report --format'],
  },
  cron: {
    B: ['cron:list --format', 'cron:run --detach'],
    C: ['cron:suspend', 'cron:resume', 'cron:set', 'cron:report --format'],
  },
  resource: {
    B: ['resource:limit --memory --cpu --process-type', 'resource:reserve --memory --cpu --process-type', 'resource:report --format'],
    C: ['resource:limit-clear --process-type', 'resource:reserve-clear --process-type'],
  },
  registry: {
    B: ['registry:login --password-stdin', 'registry:set --global'],
    C: ['registry:logout', 'registry:report --format'],
  },
  'app-json': { C: ['app-json:set', 'app-json:report --format'] },
  scheduler: {
    C: [
      'scheduler:set --global',
      'scheduler:report --format',
      'scheduler-docker-local:set',
      'scheduler-docker-local:report --format',
      'scheduler-k3s:initialize',
    ],
  },
  events: { C: ['events:on', 'events:off', 'events --tail', 'events:list'] },
  repo: { C: ['repo:gc', 'repo:purge-cache'] },
  'http-auth': {
    B: [
      'http-auth:enable',
      'http-auth:disable',
      'http-auth:add-user',
      'http-auth:remove-user',
      'http-auth:add-allowed-ip',
      'http-auth:remove-allowed-ip',
    ],
  },
  maintenance: { B: ['maintenance:enable', 'maintenance:disable', 'maintenance:custom-page'] },
  redirect: { B: ['redirect:set', 'redirect:unset'] },
}
