import { ok } from '../../../tests/e2e/harness.ts'
import { atMost, inSeconds, type Row } from '../row.ts'
import { inTurn, timed } from '../stats.ts'

const tools =
  'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y --no-install-recommends zstd && rm -rf /var/lib/apt/lists/*\n'

/** Half of it is text that is worth compressing, half is not; files of 8 kB to 64 MB. */
const filling = (megabytes: number) =>
  [
    'cd /data',
    `for n in $(seq ${Math.ceil(megabytes / 128)}); do head -c 64000000 /dev/urandom > large-$n; seq $n 9200000 | head -c 48000000 > text-$n; done`,
    `mkdir small && seq 1000 9000000 | head -c ${(megabytes / 8) * 1_000_000} | split -b 8192 -a 5 - small/`,
  ].join(' && ')

/** What a backup costs beside the reading and the compressing. */
export const backup: Row = {
  name: 'backup',
  what: 'backup of a 1 GB volume, paused, read back and all / `tar | zstd` of the same',
  bar: atMost(1.3),
  gated: false,
  how: 'in turn, both to a volume of the engine; zstd with its usual level and one thread, followed by fsync and by reading it back through sha256sum; images and repositories left out',
  async measure(lab) {
    const instance = await lab.instance()
    const { engine, name, ssh } = instance
    const image = `${name}/tools:latest`
    await engine.build(image, { Dockerfile: tools }, name)
    ok(await ssh('apps:create', 'stored'))
    ok(await ssh('storage:create', 'data'))
    ok(await ssh('storage:mount', 'stored', 'data:/data'))
    const inside = async (script: string) =>
      ok(
        await engine.docker(
          ['run', '--rm', '--volume', `${name}-storage-data:/data`, '--volume', `${name}:/to`, '--workdir', '/data', image].concat([
            'sh',
            '-c',
            script,
          ]),
        ),
      )
    await inside(filling(lab.brief ? 64 : 1000))
    const { ours, theirs } = await inTurn(lab.rounds(5), {
      theirs: () =>
        timed(() =>
          inside('tar -cf - . | zstd -q --single-thread > /to/bare.tar.zst && sync /to/bare.tar.zst && sha256sum /to/bare.tar.zst'),
        ),
      ours: () => timed(async () => ok(await ssh('backup:create', 'stored', '--without', 'images', '--without', 'repositories'))),
    })
    await inside('rm /to/bare.tar.zst')
    return { value: ours / theirs, said: `${inSeconds(ours)} / ${inSeconds(theirs)} s` }
  },
}
