# Sourced by the scripts beside it: removes what belongs to instances from the engine.
# shellcheck shell=bash

sweep() {
	declare desc="Remove every container, network, volume and image whose name, or whose instance, begins with a prefix" prefix="$1"
	local kind
	for kind in container network volume image; do
		remove-all "$kind" < <("$kind-names" | grep -E "(^|[ ,=])$prefix" | cut -d' ' -f1 | sort -u)
	done
}

remove-all() {
	declare desc="Remove the objects of a kind that stdin names; what is gone already is no error" kind="$1"
	local names=() flags=(--force)
	mapfile -t names
	((${#names[@]})) || return 0
	case "$kind" in
		container) flags+=(--volumes) ;;
		network) flags=() ;;
	esac
	docker "$kind" rm "${flags[@]}" "${names[@]}" >/dev/null 2>&1 || true
}

# Each lists the objects of a kind, one a line: how to remove it, its name, its instance.

container-names() {
	declare desc="Containers, running or not"
	docker container ls --all --format '{{.ID}} {{.Names}} {{.Label "dokku.instance"}}'
}

network-names() {
	declare desc="Networks"
	docker network ls --format '{{.ID}} {{.Name}} {{.Label "dokku.instance"}}'
}

volume-names() {
	declare desc="Volumes"
	docker volume ls --format '{{.Name}} {{.Name}} {{.Label "dokku.instance"}}'
}

image-names() {
	declare desc="Images by their names, and those of instances without one by their ids"
	docker image ls --format '{{.Repository}}:{{.Tag}} {{.Repository}}'
	docker image ls --all --quiet --filter label=dokku.instance |
		xargs --no-run-if-empty docker image inspect --format '{{.Id}} {{index .Config.Labels "dokku.instance"}}' 2>/dev/null
}
