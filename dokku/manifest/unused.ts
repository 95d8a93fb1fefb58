import type { Described } from './schema.ts'

/** What an app.json says that has no effect here, in lines for people. */
export function unused({ healthchecks, formation, addons = [] }: Pick<Described, 'healthchecks' | 'formation' | 'addons'>): string[] {
  const checks = Object.entries(healthchecks).flatMap(([process, list]) =>
    list.map((check, n) => ({ at: `healthchecks.${process}[${n}]`, check })),
  )
  return [
    ...(addons.length > 0 ? ['app.json: addons are kept with the release; nothing is made of them, link services by their plugins'] : []),
    ...Object.entries(formation).flatMap(([process, { max_parallel }]) =>
      max_parallel === undefined
        ? []
        : [`app.json: formation.${process}.max_parallel has no effect: a deploy starts containers side by side`],
    ),
    ...checks.flatMap(({ at, check }) => [
      ...(check.onFailure === undefined
        ? []
        : [`app.json: ${at}.onFailure has no effect: a check that fails is in this output and in events`]),
      ...(check.scheme?.toLowerCase() === 'https' ? [`app.json: ${at}.scheme: https has no effect: checks speak HTTP`] : []),
    ]),
  ]
}
