# Sourced by the scripts beside it: one instance of dokku, its settings, and the
# creation of its control container.
# shellcheck shell=bash

# Settings that control reads; what an instance runs with is kept by an upgrade.
readonly SETTINGS=(DOKKU_HOSTNAME DOKKU_SSH_PORT DOKKU_HTTP_PORT DOKKU_HTTPS_PORT DOKKU_HTTP_DOOR DOKKU_PROXY_PROTOCOL
	DOKKU_NETWORK DOKKU_SUBNET DOKKU_SECRETS_KEY DOKKU_SECRETS_KEY_FILE DOKKU_APP_MEMORY DOKKU_BUILD_MEMORY DOKKU_BUILD_CPUS
	DOKKU_BUILD_CONCURRENCY DOKKU_BUILD_CACHE)

instance-name() {
	declare desc="The instance's name from the environment, checked"
	local name="${DOKKU_NAME:-dokku}"
	[[ "$name" =~ ^[a-z0-9][a-z0-9-]{0,30}$ ]] || fail "DOKKU_NAME=$name: expected lower-case letters, digits and dashes"
	echo "$name"
}

control-exists() {
	declare desc="Is there a control container of this name? One that is somebody else's is never touched" name="$1"
	local title
	title="$(docker container inspect --format '{{index .Config.Labels "org.opencontainers.image.title"}}' "$name" 2>/dev/null)" || return 1
	[[ "$title" == dokku ]] || fail "a container called $name exists and is not a dokku: choose another DOKKU_NAME"
}

decide-settings() {
	declare desc="Export every setting: as given, else as the instance runs now, else the default" name="$1"
	local setting value
	local -A current=()
	if control-exists "$name"; then
		while IFS='=' read -r setting value; do
			[[ "$setting" != DOKKU_* ]] || current[$setting]="$value"
		done < <(docker container inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$name")
	fi
	decide-port DOKKU_SSH_PORT 3022 "${current[DOKKU_SSH_PORT]}"
	decide-port DOKKU_HTTP_PORT 80 "${current[DOKKU_HTTP_PORT]}"
	decide-port DOKKU_HTTPS_PORT 443 "${current[DOKKU_HTTPS_PORT]}"
	for setting in "${SETTINGS[@]}"; do
		[[ -n "${!setting}" || -z "${current[$setting]}" ]] || export "$setting=${current[$setting]}"
	done
	export DOKKU_HOSTNAME="${DOKKU_HOSTNAME:-$(default-hostname)}"
}

decide-port() {
	declare desc="A port: as given or as it is now; else the default or the next free one, said aloud" setting="$1" default="$2" current="$3"
	local port="${!setting:-$current}"
	if [[ -z "$port" ]]; then
		port="$default"
		while port-taken "$port"; do port=$((port + 1)); done
		[[ "$port" == "$default" ]] || detail "port $default is taken, so $setting is $port"
	elif [[ "$port" != "$current" ]] && port-taken "$port"; then
		fail "$setting=$port: something else listens there"
	fi
	export "$setting=$port"
}

port-taken() {
	declare desc="Does anything on the host listen on this TCP port, or does Docker publish it?" port="$1"
	local listening
	printf -v listening ':%04X [0-9A-F]+:0000 0A ' "$port"
	grep -Eqs "$listening" /proc/net/tcp /proc/net/tcp6 || [[ -n "$(docker ps --quiet --filter "publish=$port/tcp")" ]]
}

default-hostname() {
	declare desc="The machine's full name, else its public address with sslip.io, else localhost; asks no one who could keep us waiting"
	local name address
	name="$(timeout 2 hostname -f 2>/dev/null)" || name=""
	name="${name,,}"
	address="$(ip -4 route get 192.0.2.1 2>/dev/null | grep -o 'src [0-9.]*' | cut -d' ' -f2)" || address=""
	if [[ "$name" =~ ^[a-z0-9][a-z0-9.-]*\.[a-z][a-z0-9-]+$ && ! "$name" =~ \.(local|localdomain|internal|lan|home|arpa)$|^localhost ]]; then
		echo "$name"
	elif [[ -n "$address" ]] && public-address "$address"; then
		echo "$address.sslip.io"
	else
		echo localhost
	fi
}

public-address() {
	declare desc="Is this an IPv4 address that the internet routes?" address="$1"
	[[ ! "$address" =~ ^(0|10|127)\.|^169\.254\.|^192\.(0\.[02]|168)\.|^172\.(1[6-9]|2[0-9]|3[01])\.|^100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|^198\.1[89]\.|^2(2[4-9]|[3-5][0-9])\. ]]
}

create-control() {
	declare desc="Create the control container of an instance, without starting it" name="$1" container="$2" image="$3" role="$4"
	local setting bundle socket="${DOCKER_HOST#unix://}" arguments=()
	for setting in "${SETTINGS[@]}"; do
		[[ -z "${!setting}" ]] || arguments+=(--env "$setting=${!setting}")
	done
	[[ -z "$DOKKU_SECRETS_KEY_FILE" ]] || arguments+=(--volume "$DOKKU_SECRETS_KEY_FILE:$DOKKU_SECRETS_KEY_FILE:ro")
	# always: what an engine ends that was killed and starts again, it takes for stopped by hand.
	docker create --name "$container" --label "dokku.instance=$name" --restart always --stop-timeout 600 --log-driver local \
		--volume "${socket:-/var/run/docker.sock}:/var/run/docker.sock" \
		--volume "$name:/var/lib/dokku" --volume "$name-gateway:/run/dokku/gateway" --volume "$name-appliance:/run/dokku/appliance" \
		--env "DOKKU_NAME=$name" "${arguments[@]}" "${@:5}" "$image" "$role" >/dev/null
	bundle="$("$HERE/ca-bundle")"
	[[ -z "$bundle" ]] || docker cp --follow-link "$bundle" "$container:/etc/dokku/ca.crt" >/dev/null 2>&1 ||
		fail "$bundle could not be copied into $container"
}

restore-instance() {
	declare desc="Fill the volumes of a new instance with a backup" name="$1" image="$2" file="$3"
	local socket="${DOCKER_HOST#unix://}"
	! control-exists "$name" || fail "there is an instance called $name already: choose another DOKKU_NAME"
	[[ "$file" == - ]] || exec <"$file"
	docker run --rm --interactive --label "dokku.instance=$name" --no-healthcheck --log-driver none \
		--volume "${socket:-/var/run/docker.sock}:/var/run/docker.sock" --volume "$name:/var/lib/dokku" \
		--env "DOKKU_NAME=$name" --env DOKKU_BACKUP_KEY --env DOKKU_SECRETS_KEY "$image" restore || fail "the backup was not restored"
}

wait-healthy() {
	declare desc="Wait until SSH, state and appliance are up; bounded by the health command itself" name="$1"
	local attempt
	for attempt in 1 2 3; do
		timeout 120 docker exec "$name" dokku health --wait && return
		sleep 1
	done
	docker logs --tail 15 "$name"
	return 1
}

return-to() {
	declare desc="Run the control from before again; a database that its successor has migrated goes back to the copy made then" \
		name="$1" previous="$2" successor="$3"
	local said known copy
	said="$(docker logs "$name" 2>&1)"
	docker rm --force "$name" >/dev/null
	docker rename "$previous" "$name"
	docker start "$name" >/dev/null
	progress "Starting the control container from before" wait-healthy "$name" && return
	known="$(docker logs "$name" 2>&1 | sed -n 's/.*a newer version has brought the database to .* knows up to \([0-9]*\)$/\1/p' | tail -n 1)"
	[[ -n "$known" ]] || fail "neither $successor nor the control container from before becomes healthy: docker logs $name"
	printf -v copy 'dokku.sqlite.before-%04d' $((known + 1))
	docker stop "$name" >/dev/null
	# What was done since would be lost with it.
	[[ "$said" != *"control is listening"* ]] || fail "$successor has migrated the database, and taken commands, before it failed. To go" \
		"back to before them: docker run --rm -v $name:/var/lib/dokku $successor restore-database $copy && docker start $name"
	progress "Putting back the database of before the upgrade" \
		docker run --rm --volume "$name:/var/lib/dokku" "$successor" restore-database "$copy" || fail "$copy could not be put back"
	docker start "$name" >/dev/null
	progress "Starting the control container from before, with its database" wait-healthy "$name" || fail "it does not become healthy: docker logs $name"
}
