import type { Docker } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import type { BuildRequest } from './driver.ts'
import { localId, parseReference, resolveImage } from './drivers/image.ts'
import { preparedImage } from './prepared.ts'

/** How long a registry may be silent before an image is made from packages instead, in milliseconds. */
const silence = 15_000
/** How long a registry that did not answer is not asked again, in milliseconds. */
const rest = 60_000

const silentSince = new Map<string, number>()

/**
 * A name for `FROM`: the image itself where the engine has it or a registry gives it, else what `local` makes from the packages
 * of a distribution. An image that the registry does not have is UserError `image-not-found`.
 */
export async function baseImage(engine: Docker, reference: string, local: () => Promise<string>, request: BuildRequest): Promise<string> {
  const { host } = parseReference(reference)
  if ((await localId(engine, reference)) !== undefined) return reference
  if (performance.now() - (silentSince.get(host) ?? Number.NEGATIVE_INFINITY) < rest) return await local()
  const { registries, signal } = request
  try {
    await resolveImage(engine, reference, request.output, { silence, ...(registries && { registries }), ...(signal && { signal }) })
    return reference
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'registry-unreachable') throw error
    silentSince.set(host, performance.now())
    request.output.detail(`${host} does not answer: images that stand for ${reference} and the like are made from packages`)
    return await local()
  }
}

const debian = 'debian:trixie-slim'

const without = ['man', 'doc', 'locale', 'info', 'lintian'].map((name) => `--dpkgopt='path-exclude=/usr/share/${name}/*'`).join(' ')
/** Debian from its packages, less what the official slim image leaves out. */
const bootstrap = `ARG DEBIAN
FROM $DEBIAN AS make
USER root
RUN apt-get update && apt-get install -y --no-install-recommends mmdebstrap debian-archive-keyring
RUN mmdebstrap --mode=root --variant=minbase --aptopt='APT::Install-Recommends "false"' ${without} \\
  --dpkgopt='path-include=/usr/share/doc/*/copyright' trixie /rootfs \\
  'deb http://deb.debian.org/debian trixie main' 'deb http://deb.debian.org/debian trixie-updates main' \\
  'deb http://deb.debian.org/debian-security trixie-security main'
FROM scratch
COPY --from=make /rootfs /
ENV LANG=C.UTF-8
CMD ["bash"]
`

/** The name of Debian's slim image, made by the request's own `debian` image where no registry answers. */
export async function debianBase(engine: Docker, request: BuildRequest): Promise<string> {
  return await baseImage(
    engine,
    debian,
    async () => {
      if (request.debian === undefined)
        throw new UserError('registry-unreachable', `${debian} could not be pulled`, {
          hint: `put it on this machine: docker pull ${debian}`,
        })
      return await preparedImage(engine, { name: 'debian-trixie', text: bootstrap, args: { DEBIAN: request.debian } }, request)
    },
    request,
  )
}
