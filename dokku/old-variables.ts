interface Old {
  /** The first that is set counts. */
  names: readonly string[]
  /** What it must look like to count: nobody checked it when it was set. */
  valid: RegExp
}

const seconds = /^\d{1,5}$/
const processes = /^[\w-]+(,[\w-]+)*$/
const port = '([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3})'
const portMap = `(https?|grpcs?):${port}:${port}`

/** Properties by the config variables that earlier versions of Dokku had in their place. */
const properties: Readonly<Record<string, Old>> = {
  'checks attempts': { names: ['DOKKU_CHECKS_ATTEMPTS'], valid: seconds },
  'checks timeout': { names: ['DOKKU_CHECKS_TIMEOUT'], valid: seconds },
  'checks wait': { names: ['DOKKU_CHECKS_WAIT'], valid: seconds },
  'checks default-wait': { names: ['DOKKU_DEFAULT_CHECKS_WAIT'], valid: seconds },
  'checks disabled': { names: ['DOKKU_CHECKS_DISABLED'], valid: processes },
  'checks skipped': { names: ['DOKKU_CHECKS_SKIPPED'], valid: processes },
  'checks wait-to-retire': { names: ['DOKKU_WAIT_TO_RETIRE', 'DOKKU_CHECKS_WAIT_TO_RETIRE'], valid: seconds },
  'git deploy-branch': { names: ['DOKKU_DEPLOY_BRANCH'], valid: /^\w[\w/-]{0,100}$/ },
  'ports map': { names: ['DOKKU_PROXY_PORT_MAP'], valid: new RegExp(`^${portMap}( ${portMap})*$`) },
  'proxy type': { names: ['DOKKU_APP_PROXY_TYPE'], valid: /^nginx$/ },
  'ps restore': { names: ['DOKKU_APP_RESTORE'], valid: /^(true|false)$/ },
  'ps start-cmd': { names: ['DOKKU_START_CMD', 'DOKKU_DOCKERFILE_START_CMD'], valid: /\S/ },
  'ps stop-timeout-seconds': { names: ['DOKKU_DOCKER_STOP_TIMEOUT'], valid: seconds },
}

/** Variables that mean nothing here, each with what there is in its place. */
const without: Readonly<Record<string, string>> = {
  DOKKU_SKIP_ALL_CHECKS: 'checks:disable and checks:skip',
  DOKKU_SKIP_DEFAULT_CHECKS: 'healthchecks in app.json: a check of uptime 0 is ready at once',
  DOKKU_SKIP_CLEANUP: 'releases:set retention',
  DOKKU_SKIP_DEPLOY: 'apps:lock',
  DOKKU_DISABLE_PROXY: 'proxy:disable',
  DOKKU_PROXY_PORT: 'ports:set',
  DOKKU_PROXY_SSL_PORT: 'ports:set',
  DOKKU_DOCKERFILE_CACHE_BUILD: 'repo:purge-cache',
}

/** What an old variable says about a property that nobody set. */
export function oldValue(property: string, variable: (name: string) => string | undefined): string | undefined {
  const old = Object.hasOwn(properties, property) ? properties[property] : undefined
  return old?.names.map(variable).find((value) => value !== undefined && old.valid.test(value))
}

/** What should be said about the old variables in a config, a line each. */
export function oldVariableNotes(app: string, config: Readonly<Record<string, string>>): string[] {
  const known = Object.entries(properties).flatMap(([property, { names, valid }]) =>
    names
      .filter((name) => Object.hasOwn(config, name))
      .map(
        (name) => `${name} ${valid.test(config[name] ?? '') ? 'is an old way to say' : 'is not understood; say'} ${said(app, property)}`,
      ),
  )
  const others = Object.entries(without).flatMap(([name, instead]) =>
    Object.hasOwn(config, name) ? [`${name} has no effect: in its place there is ${instead}`] : [],
  )
  return [...known, ...others]
}

/** Dokku's word for setting a property. */
function said(app: string, property: string): string {
  const [group = '', key = ''] = property.split(' ')
  if (property === 'checks disabled') return `checks:disable ${app} TYPES`
  if (property === 'checks skipped') return `checks:skip ${app} TYPES`
  return property === 'ports map' ? `ports:set ${app} MAP` : `${group}:set ${app} ${key} VALUE`
}
