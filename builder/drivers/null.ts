import type { BuildDriver } from '../driver.ts'
import { buildDockerfile } from '../frontend.ts'

/** Builds nothing, for whoever selects it: an image without a file, and no process. */
export const nothing: BuildDriver = {
  name: 'null',
  summary: 'nothing that is built',
  detect: async () => false,

  async build(request, engine) {
    return { imageId: await buildDockerfile(request, engine, { text: 'FROM scratch\nENV BUILDER=null\n', paths: [] }), processes: {} }
  },
}
