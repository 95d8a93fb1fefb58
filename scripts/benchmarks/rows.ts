import type { Row } from './row.ts'
import { backup } from './rows/backup.ts'
import { buildpackRebuild, buildsUnderLoad, finalImage, rebuild, startBuildpack } from './rows/builds.ts'
import { create, list } from './rows/commands.ts'
import { cpu100, deploy500, engine500, list500, memory500, report500, restart500 } from './rows/crowd.ts'
import { configSet, deploy, rollback } from './rows/deploy.ts'
import { manyPushes, pushHttp, pushSsh } from './rows/doors.ts'
import { faults } from './rows/faults.ts'
import { hookDaemon, hookModules } from './rows/hooks.ts'
import { controlMemory, doorsMemory, imageSize } from './rows/idle.ts'
import { drain, logs } from './rows/logs.ts'
import { plugnExecutables, plugnList } from './rows/plugn.ts'
import { proxyLate, proxyMany, proxyOthers, proxyRate, proxyTls } from './rows/proxies.ts'
import { formation, push } from './rows/push.ts'
import { quickstart } from './rows/quickstart.ts'
import { failed } from './rows/requests.ts'
import { reloadMemory, routeSwitch, siteServed, siteServedMany, sitesMemory } from './rows/sites.ts'
import { throughput } from './rows/throughput.ts'
import { zeroLoss } from './rows/zero-loss.ts'

/** Every row, in the order in which they are measured and shown. */
export const rows: readonly Row[] = [
  ...[failed, rollback, deploy, configSet, push, formation],
  ...[list, create, throughput, quickstart],
  ...[logs, drain, backup],
  ...[pushSsh, pushHttp, manyPushes],
  ...[rebuild, buildpackRebuild, finalImage, startBuildpack, buildsUnderLoad],
  ...[zeroLoss, proxyRate, proxyLate, proxyTls, proxyMany, proxyOthers],
  ...[routeSwitch, siteServed, siteServedMany, sitesMemory, reloadMemory],
  ...[plugnList, plugnExecutables, hookModules, hookDaemon],
  ...[controlMemory, doorsMemory, imageSize],
  ...[list500, report500, deploy500, restart500, memory500, cpu100, engine500],
  faults,
]
