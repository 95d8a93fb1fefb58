# Buildpacks as folders below BUILDPACK_PATH.

readonly ARCHIVE='\.(tgz|tar\.gz|tbz|tar\.bz2|txz|tar\.xz|tar)(\?.*)?$'
# What herokuish had built in, in the order in which it asked them.
readonly KNOWN=(ruby nodejs clojure python java gradle scala play php go static null)

buildpack-install() {
	declare desc="Installs a buildpack from git or an archive; without a URL, those that Heroku knows an app by" url="$1" ref="$2" name="$3"
	if [[ -z "$url" ]]; then
		install-known
		return
	fi
	if [[ -z "$ref" && "$url" == *"#"* ]]; then ref="${url#*#}"; fi
	url="${url%%#*}"
	[[ "$url" =~ ^(https?|git|ssh|file):// || "$url" =~ ^[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+: ]] || fail "$(shown "$url") is not the URL of a buildpack" 66
	local target="$BUILDPACK_PATH/${name:-$(name-of "$url")}"
	mkdir -p "$BUILDPACK_PATH"
	rm -rf "$target"
	if [[ "$url" =~ $ARCHIVE ]]; then from-archive "$url" "$target"; else from-git "$url" "$ref" "$target"; fi || {
		rm -rf "$target"
		fail "the buildpack $(shown "$url")${ref:+#$ref} could not be fetched" 66
	}
	[[ -f "$target/bin/compile" ]] || fail "$(shown "$url") is no buildpack: it has no bin/compile" 66
	chmod +x "$target"/bin/* 2>/dev/null || true
}

buildpack-list() {
	declare desc="The names of what is installed"
	[[ ! -d "$BUILDPACK_PATH" ]] || (cd "$BUILDPACK_PATH" && find . -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort)
}

install-known() {
	declare desc="Installs Heroku's own buildpacks, numbered so that they are asked in Heroku's order"
	local at=0 name
	for name in "${KNOWN[@]}"; do
		at=$((at + 1))
		[[ "$name" == static || "$name" == null ]] && continue
		buildpack-install "https://github.com/heroku/heroku-buildpack-$name.git" "" "$(printf '%02d_buildpack-%s' "$at" "$name")"
	done
}

name-of() {
	declare desc="A folder's name for a URL" url="$1"
	local name="${url%/}"
	name="${name##*/}"
	name="${name%%\?*}"
	name="${name//[^A-Za-z0-9._-]/_}"
	echo "${name%.git}"
}

from-git() {
	declare desc="A shallow clone where the server and the ref allow one, else a whole one" url="$1" ref="$2" target="$3"
	export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND="${GIT_SSH_COMMAND:-ssh -o BatchMode=yes}"
	local branch=()
	[[ -z "$ref" ]] || branch=(--branch "$ref")
	# A server may take the call and never answer.
	local clone=(timeout --kill-after=10 "${HEROKUISH_FETCH_TIMEOUT:-600}" git clone --quiet)
	if "${clone[@]}" --depth 1 "${branch[@]}" -- "$url" "$target" 2>/dev/null; then return; fi
	rm -rf "$target"
	"${clone[@]}" -- "$url" "$target" || return 1
	[[ -z "$ref" ]] || git -C "$target" -c advice.detachedHead=false checkout --quiet "$ref" --
}

from-archive() {
	declare desc="Unpacks an archive; a single folder at its top is left out" url="$1" target="$2"
	local work entries status=0
	work="$(mktemp -d)"
	{ curl --silent --show-error --fail --location --retry 3 --max-time 300 --output "$work/archive" -- "$url" &&
		mkdir "$work/tree" && tar --extract --file "$work/archive" --no-same-owner -C "$work/tree"; } || status=1
	if [[ "$status" == 0 ]]; then
		entries=("$work"/tree/*)
		if [[ ${#entries[@]} == 1 && -d "${entries[0]}" && ! -d "$work/tree/bin" ]]; then mv "${entries[0]}" "$target"; else mv "$work/tree" "$target"; fi
	fi
	rm -rf "$work"
	return "$status"
}
