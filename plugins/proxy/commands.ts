import { command, group, reroute, siteCommand } from 'dokku'

const build = command(
  siteCommand({
    name: 'proxy:build-config',
    aliases: ['nginx:build-config'],
    summary: 'build the site of an app, or of all, anew: plugins are asked what they add to it',
    act: (app, { output }) => reroute(app, output),
  }),
)

export default group('proxy', 'Build what stands between the world and an app', [build])
