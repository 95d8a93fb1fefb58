import type { App } from './app.ts'

/** What holds for an app: its own setting, else the global one. */
export function computedProperty({ properties, instance }: App, name: string): string | undefined {
  return properties.get(name) ?? instance.properties.get(name)
}

/** The three lines of a setting in a report, as Dokku has them: GROUP-KEY, GROUP-computed-KEY, GROUP-global-KEY. */
export function propertyFields(group: string, key: string, usual = ''): Record<string, (app: App) => string> {
  const name = `${group} ${key}`
  return {
    [`${group}-${key}`]: (app) => app.properties.get(name) ?? '',
    [`${group}-computed-${key}`]: (app) => computedProperty(app, name) ?? usual,
    [`${group}-global-${key}`]: ({ instance }) => instance.properties.get(name) ?? usual,
  }
}
