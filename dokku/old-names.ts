import { UserError } from '#lib/errors.ts'

const files = 'what it would say stands in a file of the repository, or is said by builder:set and buildpacks:add'
const one = 'apps run on this machine; ps:scale and docker-options:add say how'
const shipping = 'lines are shipped by dokku itself: see logs:help'

/** Commands of Dokku's, or all of a group, that are not needed here, each with what to do instead. */
const oldNames = new Map([
  ['builder-herokuish', files],
  ['builder-pack', files],
  ['builder-nixpacks', files],
  ['builder-railpack', files],
  ['builder-lambda', files],
  ['buildpacks:detect', 'builder:detect APP says which builder, and why'],
  ['nginx:start', 'dokku keeps nginx running; health says whether it does'],
  ['nginx:stop', 'proxy:disable APP takes an app off, and scripts/uninstall everything'],
  ['caddy', 'proxy:set APP type says what serves an app; plugins bring other proxies'],
  ['haproxy', 'proxy:set APP type says what serves an app; plugins bring other proxies'],
  ['openresty', 'proxy:set APP type says what serves an app; plugins bring other proxies'],
  ['traefik', 'proxy:set APP type says what serves an app; plugins bring other proxies'],
  ['ps:retire', 'old containers stop by themselves once they are drained'],
  ['run:retire', 'a one-off command ends by its own --ttl-seconds'],
  ['logs:vector-start', shipping],
  ['logs:vector-stop', shipping],
  ['logs:vector-logs', shipping],
  ['scheduler-k3s', one],
  ['scheduler-docker-local', one],
  ['trace:on', '--trace shows what one command does'],
  ['trace:off', '--trace shows what one command does'],
  ['shell', 'completion completes commands in your own shell: help completion'],
  ['deploy', 'git push, git:sync, git:from-image or ps:rebuild deploys'],
  ['events:off', 'events are always kept; audit:list shows who did what'],
])

/** UserError `old-command`, where somebody typed a command of Dokku's that has no use here. */
export function assertNotOld(name: string): void {
  const instead = oldNames.get(name) ?? oldNames.get(name.split(':')[0] ?? '')
  if (instead !== undefined)
    throw new UserError('old-command', `${name} is a command of Dokku's that is not needed here`, { hint: instead })
}
