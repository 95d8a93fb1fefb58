import { UserError } from '#lib/errors.ts'

/** Paths of the host that no container may have, nor anything above them: who has one has the host, or dokku. */
const kept = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib64',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/sys',
  '/usr',
  '/var/run',
  '/var/lib/docker',
  '/var/lib/containerd',
  '/var/lib/dokku',
]

/** Refuses a path of the host that would open it: UserError `mount-refused`. */
export function checkHostPath(path: string): void {
  const lead = kept.find((one) => path === one || path.startsWith(`${one}/`) || path === '/' || one.startsWith(`${path}/`))
  if (lead === undefined) return
  throw new UserError(
    'mount-refused',
    `${path} of the host is for no app: ${path === '/' ? 'it is all of it' : `${lead} would open the host, or dokku, to it`}`,
    {
      hint: 'storage:mount APP NAME:/data names a volume; a path such as /srv/files may be mounted by an admin',
    },
  )
}
