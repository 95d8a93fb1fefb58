# The environment of an app's processes, and who they run as.

profile-load() {
	declare desc="Goes to the app and reads what buildpacks and the app left for its processes"
	local file
	export HOME="$APP_PATH"
	cd "$APP_PATH" || fail "there is no app at $APP_PATH"
	# Files of profile.d may use what is not set.
	set +eu
	for file in /etc/profile.d/*.sh "$APP_PATH"/.profile.d/*.sh; do
		[[ ! -r "$file" ]] || source "$file"
	done
	[[ ! -r "$APP_PATH/.profile" ]] || source "$APP_PATH/.profile"
	profile-env
	set -e
	hash -r
}

profile-env() {
	declare desc="Variables in ENV_PATH win over the environment"
	local file
	for file in "$ENV_PATH"/*; do
		[[ ! -f "$file" ]] || export "${file##*/}=$(<"$file")"
	done
}

as-app() {
	declare desc="Where we are root, begins again as the app's user: whoever owns the app. Its files are read as nobody else"
	[[ $EUID == 0 && "$HEROKUISH_SETUIDGUID" != false ]] || return 0
	local owner
	owner="$(stat -c %u "$APP_PATH")"
	[[ "$owner" == 0 ]] || exec setpriv --reuid "$owner" --regid "$(stat -c %g "$APP_PATH")" --clear-groups -- /bin/herokuish "$@"
}
