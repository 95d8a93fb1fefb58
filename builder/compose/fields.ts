// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of variables in Compose files

import { didYouMean } from '#lib/nearest.ts'
import type { Path } from './file.ts'

/** What becomes of the fields of a mapping in a Compose file. */
export interface Fields {
  read: readonly string[]
  /** Without them the services would be something else: the file is refused. What to use instead; `--name VALUE` is an option of containers. */
  refused: Readonly<Record<string, string>>
  /** They are left out, and the build says so. What holds instead, or how to have it. */
  ignored: Readonly<Record<string, string>>
}

/** A field that is not read. */
export interface Finding {
  path: Path
  refused: boolean
  text: string
}

const keeps = 'a container keeps nothing: data belongs in a datastore that the app is linked to'
const alone = 'an app is kept apart from the machine and from other apps'
const secret = 'a variable: ${NAME} in environment'

export const topFields: Fields = {
  read: ['services', 'networks', 'volumes', 'secrets', 'configs', 'version'],
  refused: {
    include: 'write those services into this file',
    models: 'a service of its own',
  },
  ignored: { name: 'the app has its name' },
}

export const serviceFields: Fields = {
  read: [
    ...['build', 'command', 'depends_on', 'deploy', 'entrypoint', 'env_file', 'environment', 'expose', 'image', 'networks', 'ports'],
    ...['profiles', 'scale', 'stop_signal', 'user', 'working_dir'],
  ],
  refused: {
    cap_add: alone,
    cap_drop: '--cap-drop CAPABILITY',
    cgroup: alone,
    cgroup_parent: alone,
    configs: secret,
    credential_spec: secret,
    device_cgroup_rules: alone,
    devices: alone,
    dns: '--dns ADDRESS',
    dns_opt: '--dns ADDRESS',
    dns_search: '--dns-search DOMAIN',
    extends: 'write out what it would take over, or use a YAML anchor and <<',
    external_links: '--link CONTAINER:ALIAS',
    extra_hosts: '--add-host NAME:ADDRESS',
    gpus: alone,
    group_add: 'let the image have the user in its groups',
    ipc: alone,
    isolation: alone,
    links: 'services reach each other by their names; another name is one of the aliases below networks',
    models: 'a service of its own, and its address in environment',
    network_mode: 'services reach each other by their names, on a network of the app’s own',
    pid: alone,
    post_start: 'let the command do it',
    pre_stop: 'let the process do it on its stop_signal',
    privileged: alone,
    provider: 'a datastore that is linked to the app',
    read_only: '--read-only',
    runtime: alone,
    secrets: secret,
    security_opt: 'every container has no-new-privileges already, and nothing takes that away',
    sysctls: alone,
    tmpfs: '--tmpfs PATH',
    use_api_socket: alone,
    userns_mode: alone,
    uts: alone,
    volumes: keeps,
    volumes_from: keeps,
  },
  ignored: {
    annotations: 'nobody reads them',
    attach: 'what a process says is kept',
    blkio_config: 'nothing limits it',
    container_name: 'containers are called by app, process and number',
    cpu_count: '--cpus N',
    cpu_percent: '--cpus N',
    cpu_period: '--cpus N',
    cpu_quota: '--cpus N',
    cpu_rt_period: '--cpus N',
    cpu_rt_runtime: '--cpus N',
    cpu_shares: '--cpu-shares N',
    cpus: '--cpus N',
    cpuset: '--cpuset-cpus LIST',
    develop: 'it is for a machine to develop on',
    domainname: 'services reach each other by their names',
    healthcheck: 'healthchecks in app.json say when a process is ready; without them web is once it listens, any other once it stayed up',
    hostname: '--hostname NAME',
    init: 'every container has one',
    label_file: '--label KEY=VALUE',
    labels: '--label KEY=VALUE',
    logging: 'what a process says is kept',
    mac_address: 'the engine gives it one',
    mem_limit: '--memory SIZE',
    mem_reservation: '--memory-reservation SIZE',
    mem_swappiness: 'memory limits hold with swap',
    memswap_limit: '--memory SIZE',
    oom_kill_disable: 'what takes too much memory is ended',
    oom_score_adj: 'what takes too much memory is ended',
    pids_limit: '--pids-limit N',
    platform: 'images are those of this machine',
    pull_policy: 'an image that is on this machine is used, and any other pulled',
    restart: 'who runs the app says when its processes are started again',
    shm_size: '--shm-size SIZE',
    stdin_open: 'nobody is there to type',
    stop_grace_period: 'every process has the same time to stop',
    storage_opt: 'nothing limits it',
    tty: 'nobody is there to type',
    ulimits: '--ulimit NAME=SOFT:HARD',
  },
}

export const buildFields: Fields = {
  read: ['args', 'context', 'dockerfile', 'dockerfile_inline', 'network', 'target'],
  refused: {
    additional_contexts: 'put it into the context, or name an image in FROM',
    entitlements: 'builds are kept apart from the machine',
    extra_hosts: 'builds reach what the machine reaches',
    privileged: 'builds are kept apart from the machine',
    secrets: 'RUN --mount=type=secret,id=NAME reads a variable of the build',
    ssh: 'RUN --mount=type=secret,id=NAME reads a key that is a variable of the build',
  },
  ignored: {
    cache_from: 'the engine’s cache is used',
    cache_to: 'the engine’s cache is used',
    isolation: 'builds are isolated as the engine does it',
    labels: 'LABEL in the Dockerfile',
    no_cache: 'a build can be asked for without the cache',
    platforms: 'images are those of this machine',
    provenance: 'images carry none',
    pull: 'an image that is on this machine is used, and any other pulled',
    sbom: 'images carry none',
    shm_size: 'steps have what the engine gives them',
    tags: 'images are called by app and version',
    ulimits: 'steps have what the engine gives them',
  },
}

export const networkFields: Fields = {
  read: ['aliases'],
  refused: {
    driver_opts: 'services reach each other by their names',
    interface_name: 'services reach each other by their names',
    ipv4_address: 'services reach each other by their names',
    ipv6_address: 'services reach each other by their names',
    link_local_ips: 'services reach each other by their names',
    mac_address: 'services reach each other by their names',
  },
  ignored: { gw_priority: 'there is one network', priority: 'there is one network' },
}

export const deployFields: Fields = {
  read: ['replicas'],
  refused: {},
  ignored: {
    endpoint_mode: 'its name is all of its containers',
    labels: '--label KEY=VALUE',
    mode: 'replicas says how many run',
    placement: 'there is one machine',
    resources: '--memory SIZE',
    restart_policy: 'who runs the app says when its processes are started again',
    rollback_config: 'a deploy that fails leaves what ran',
    update_config: 'new containers start beside the old ones',
  },
}

/** The fields of a mapping that are not read: in the order of the file. What changes nothing, such as `privileged: false`, is none. */
export function findings(value: object, path: Path, { read, refused, ignored }: Fields): Finding[] {
  return Object.entries(value).flatMap(([key, field]): Finding[] => {
    const at = [...path, key]
    if (read.includes(key) || key.startsWith('x-')) return []
    const [no, instead] = [textOf(refused, key), textOf(ignored, key)]
    if ((no ?? instead) === undefined) {
      const near = didYouMean(key, [...read, ...Object.keys(refused), ...Object.keys(ignored)])
      return [{ path: at, refused: true, text: near ?? 'it is not a field that Compose files have here' }]
    }
    return isNothing(field) ? [] : [{ path: at, refused: no !== undefined, text: no ?? instead ?? '' }]
  })
}

function textOf(texts: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(texts, key) ? texts[key] : undefined
}

function isNothing(field: unknown): boolean {
  return field === null || field === false || (typeof field === 'object' && Object.keys(field).length === 0)
}
