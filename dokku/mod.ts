/** What plugins import: `import { app, command, group } from 'dokku'`. Ours use the same door as a stranger's. */
import { commandsFor, type Typed } from '#lib/command.ts'
import type { Right } from './access.ts'
import type { App } from './app.ts'
import type { Context } from './context.ts'
import { checkAppName } from './names.ts'
import { someApp } from './report.ts'
import { maybeSeen } from './visible.ts'

export { checkLogin, parseBuildpack, parseRegistry } from '#builder'
export { archiveLimits, atMost, badArchive, entryCheck } from '#lib/archive.ts'
export { boolean, option, optional, repeated, rest, unless, word } from '#lib/command.ts'
export { complete } from '#lib/complete.ts'
export { messageOf, UserError } from '#lib/errors.ts'
export { didYouMean } from '#lib/nearest.ts'
export { type Output, plain } from '#lib/output.ts'
export { gzipMagic } from '#lib/peek.ts'
export { formatSize } from '#lib/size.ts'
export { authorize, type Identity, may, type Right, type Role, roles } from './access.ts'
export { combined } from './access-line.ts'
export { type App, allApps, defaultHosts, findApp, globalDomains, maybeApp, storeGlobalDomains } from './app.ts'
export { type ArchiveType, archiveTypes, commitArchive } from './archive-commit.ts'
export { tarEntries } from './archive-entries.ts'
export {
  checkNetworkName,
  createAttachable,
  destroyAttachable,
  findAttachable,
  listAttachable,
  networkOptions,
  networksOf,
} from './attached-networks.ts'
export { type AuditEntry, lastAudit, verifyAudit } from './audit.ts'
export { type BackupInfo, findBackup, listBackups, removeBackup } from './backup/backups.ts'
export { leavable } from './backup/collect.ts'
export { createBackup } from './backup/create.ts'
export { checkRecipients } from './backup/envelope.ts'
export { firstLine } from './backup/first-line.ts'
export { volumeWays } from './backup/manifest.ts'
export { proveSelf } from './backup/proof.ts'
export { importFrom, restoreBackup } from './backup/restore.ts'
export { backupReport, parseBackupSchedule, storeSchedule } from './backup/schedule.ts'
export { backupTarget, checkTarget } from './backup/targets/targets.ts'
export { proveBackup } from './backup/verify.ts'
export {
  baseImagesOf,
  buildpacksOf,
  buildVarsOf,
  checkTreePath,
  storeBaseImages,
  storeBuildpacks,
  storeBuildVars,
} from './build-choices.ts'
export { detectBuilder } from './build-commit.ts'
export type { Build } from './build-record.ts'
export { buildRetention, currentBuild, findBuild, listBuilds, openBuilds, pruneBuilds } from './builds.ts'
export type { By } from './by.ts'
export { type Certificate, certificateOf, type Origin, removeCertificate, restoreCertificate, storeCertificate } from './certificates.ts'
export { changeCertificate } from './change-certificate.ts'
export { changeFront } from './change-front.ts'
export { changeOptions } from './change-options.ts'
export { type CheckedCertificate, checkCertificate, covers, type GivenCertificate, namesOf } from './check-certificate.ts'
export {
  type ChecksList,
  checkChecksNumber,
  checksList,
  checksNumbers,
  everyProcess,
  storeChecksList,
} from './checks.ts'
export { cloneApp } from './clone.ts'
export { computedProperty, propertyFields } from './computed-property.ts'
export { confirm } from './confirm.ts'
export type { AppContainer } from './container.ts'
export { applyRestartPolicy, containersOf } from './containers.ts'
export { type Context, changing, deploying, followed, readBytes, readInput, textIn } from './context.ts'
export { controlLog } from './control-log.ts'
export { crashText } from './crashes.ts'
export { createApp } from './create.ts'
export { ownerOf, revokeToken, shutOut } from './credentials.ts'
export { runsOf, type TaskRun } from './cron-history.ts'
export { startTask } from './cron-run.ts'
export { findTask, nextOf, suspendTask, type Task, tasksOf } from './cron-tasks.ts'
export { firstWords, scheduleProblem } from './crontab.ts'
export { destroyApp } from './destroy.ts'
export { ownArgs } from './docker-args.ts'
export { dockerFlags, type Phase, parseMemory, phases } from './docker-flags.ts'
export {
  type DockerOption,
  dockerOptions,
  type OptionOrigin,
  optionsBy,
  optionsFor,
  readOptions,
  withOptions,
  withoutValues,
} from './docker-options.ts'
export type { Finding, Level } from './doctor/check.ts'
export { checks, diagnose } from './doctor/doctor.ts'
export { maskedUrl, parseDrainUrl } from './drains/drain-url.ts'
export { addDrain, type Drain, drainsOf, findDrain, removeDrain } from './drains/drains.ts'
export { checkDrainPlugin } from './drains/senders.ts'
export { enterContainer } from './enter.ts'
export { download } from './fetch-download.ts'
export { checkRemote, parseAllowed, parseRemote } from './fetch-guard.ts'
export { checkProcesses, processesOf } from './formation.ts'
export { deployInTurn, moveBranch, unlockRepository } from './git-deploy.ts'
export { fetchRemote, remoteCommit } from './git-fetch.ts'
export { allowedHosts, credentialsFor, parseGitHost, storeAllowedHosts, storeCredentials } from './git-hosts.ts'
export { gitRemote } from './git-remote.ts'
export { deployKey, makeDeployKey, trustHost } from './git-ssh.ts'
export { globalConfig, storeGlobalConfig } from './global-config.ts'
export { healthy } from './health.ts'
export { type Handlers, type Hooks, hookNames } from './hooks.ts'
export { assertHostsFree, parseHostName } from './hosts.ts'
export { followEvents, type JournalEvent, lastEvents } from './journal.ts'
export { addKey, findKey, listKeys, publishKeys } from './keys.ts'
export { checkEmail, checkServer, chosenFor, givenBy, stateOf, storeState } from './letsencrypt/choices.ts'
export { orderCertificate, speak } from './letsencrypt/order.ts'
export { provableHosts } from './letsencrypt/owner.ts'
export { dueAt, isLate, remember, settle } from './letsencrypt/renewals.ts'
export { lfsChoices } from './lfs.ts'
export { withLoadedImage } from './load-image.ts'
export { limited } from './locks.ts'
export { history } from './logs/history.ts'
export { keptLogs } from './logs/kept.ts'
export { checkMaxSize, usualMaxSize } from './logs/max-size.ts'
export { parseMoment } from './logs/moment.ts'
export { printContainers, printLines, printLogs, printOutput } from './logs/print.ts'
export { checkAppName, checkProcessName, parseRef, show } from './names.ts'
export { actAs } from './nested.ts'
export { nginxSettings } from './nginx-settings.ts'
export { runDetached, runOneOff } from './one-off.ts'
export { removeOrphans } from './orphans.ts'
export { parseParallel } from './parallel.ts'
export { passwordHash } from './password-hash.ts'
export { pluginGit } from './plugin-environment.ts'
export {
  detectedMaps,
  formatPortMap,
  type PortMap,
  parsePortMap,
  portMaps,
  storePortMaps,
} from './ports.ts'
export { assertProxy, proxies, proxyOf } from './proxies/proxies.ts'
export { purgeCache } from './purge-cache.ts'
export { type Reachable, reachable } from './reach.ts'
export { readTar } from './read-tar.ts'
export { untilReady } from './readiness.ts'
export { cancelBuild, followBuild, shortSource } from './recording.ts'
export { redactedOutput, redactor, secretsOf } from './redact.ts'
export { checkImageName, checkRepository, loginsOf, storeLogin } from './registry.ts'
export { checkTags, remoteRepository } from './registry-push.ts'
export { currentRelease, findRelease, listReleases, notDeployed, parseVersion, type Release } from './release.ts'
export { describeDiff, diffReleases } from './release-diff.ts'
export { renameApp } from './rename.ts'
export { format, parseCount, printReports, reportCommand } from './report.ts'
export { parseRestartPolicy, restartPolicyOf } from './restart-policy.ts'
export { parseRetention, pruneReleases, retentionOf, tidyReleases } from './retention.ts'
export { stopGrace } from './retire-container.ts'
export { reroute, resite, syncRoutes, unserved } from './routing.ts'
export { findRun, listRuns, type Run, stopRun } from './runs.ts'
export { markSecretVars, secretVarsOf, shownVars } from './secret-vars.ts'
export { forgetOlderKeys, rotateKey, secretsState } from './secrets/rotate.ts'
export { selfSigned } from './self-signed.ts'
export { setCommand, setGlobalCommand } from './set.ts'
export { siteCommand } from './site-command.ts'
export { keptFront } from './site-front.ts'
export { commitSource, lastSource, packRepository, repositoryHead } from './source.ts'
export { execInVolume } from './storage/exec.ts'
export { checkHostPath } from './storage/host-paths.ts'
export { checkVolumeName, type Mount, mountOptions, mountsOf, mountText, parseMount, parseSource } from './storage/mounts.ts'
export {
  chownVolume,
  ensureVolume,
  findVolume,
  listVolumes,
  maybeVolume,
  mountedBy,
  removeVolume,
  type StoredVolume,
} from './storage/volumes.ts'
export { submoduleChoices } from './submodules.ts'
export { createToken, hasExpired, listTokens, parseExpiry, type Token } from './tokens.ts'
export { receiveInTurn } from './turn.ts'
export { beginUpgrade, type Candidate, lookAtUpgrade } from './upgrade/begin.ts'
export { readUpgrade, upgradeText } from './upgrade/outcome.ts'
export {
  checkUser,
  type Grant,
  grant,
  listGrants,
  listUsers,
  parseRole,
  revoke,
  roleOf,
  roleOfNewUsers,
  setRoleOfNewUsers,
} from './users.ts'
export { version } from './version.ts'
export { visibleApps } from './visible.ts'
export { type WebhookProvider, webhookProviders } from './webhook-request.ts'
export { storeWebhook, type Webhook, webhookOf, webhookUrl } from './webhooks.ts'
export { releaseChange, restart, rollback, start, stop } from './workflow.ts'

const own = commandsFor<Context, Right>()
export const command = own.command
export const group = own.group
export const param = own.param

/** An argument that names an app: parsed into the App, so that a command never sees one that does not exist. */
export function app() {
  return param<App>(someApp)
}

/** An argument that names an app which need not exist. */
export function appName(summary: string) {
  return param<string>({ summary, label: 'app', app: true, parse: checkAppName })
}

/** Completes a word by what the app has that was typed before it. */
export function ofApp(words: (app: App) => readonly string[] | Promise<readonly string[]>) {
  return (_prefix: string, context: Context, typed: Typed): readonly string[] | Promise<readonly string[]> => {
    const one = maybeSeen(context, typed.app ?? '')
    return one === undefined ? [] : words(one)
  }
}
