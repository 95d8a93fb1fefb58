# Variables of a build: from a file that the builder hands over, and from the app's .env.

env-prepare() {
	declare desc="Makes ENV_PATH: a file for each variable, as buildpacks want them"
	mkdir -p "$ENV_PATH"
	[[ -z "$HEROKUISH_ENV_FILE" ]] || env-from-exports "$HEROKUISH_ENV_FILE"
	[[ ! -f "$BUILD_PATH/.env" ]] || env-from-dotenv "$BUILD_PATH/.env"
}

env-from-exports() {
	declare desc="Takes what a file of export lines sets, whatever the values hold" file="$1"
	local entry name
	while IFS= read -r -d '' entry; do
		name="${entry%%=*}"
		case "$name" in PWD | SHLVL | OLDPWD | _) continue ;; esac
		printf '%s' "${entry#*=}" >"$ENV_PATH/$name"
	# Not bash, in which UID and others cannot be set; and PATH may be among them.
	done < <(env -i /bin/sh -c '. "$0"; exec /usr/bin/env -0' "$file")
}

env-from-dotenv() {
	declare desc="Takes NAME=VALUE lines; nothing in them is run" file="$1"
	local line name value
	while IFS= read -r line || [[ -n "$line" ]]; do
		line="${line%$'\r'}"
		[[ "$line" =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]] || continue
		name="${BASH_REMATCH[2]}" value="${BASH_REMATCH[3]}"
		if [[ "$value" =~ ^\"(.*)\"[[:space:]]*$ || "$value" =~ ^\'(.*)\'[[:space:]]*$ ]]; then value="${BASH_REMATCH[1]}"; fi
		# What was set for the app goes before what its source says.
		[[ -e "$ENV_PATH/$name" ]] || printf '%s' "$value" >"$ENV_PATH/$name"
	done <"$file"
}

env-value() {
	declare desc="The value of a variable of the build, else of the environment" name="$1"
	if [[ -f "$ENV_PATH/$name" ]]; then cat "$ENV_PATH/$name"; else printf '%s' "${!name}"; fi
}
