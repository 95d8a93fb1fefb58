# A built app as one file.

slug-generate() {
	declare desc="Packs the app, less what .slugignore names"
	local ignore="$APP_PATH/.slugignore" options=()
	[[ ! -s "$ignore" ]] || options=(--exclude-from="$ignore")
	tar --create --gzip --file "$SLUG_PATH" --exclude='./.git' "${options[@]}" -C "$APP_PATH" .
	detail "Compiled slug size is $(du -Sh "$SLUG_PATH" | cut -f1)" >&2
}

slug-export() {
	declare desc="Writes the slug to standard output, or PUTs it" url="$1"
	[[ -f "$SLUG_PATH" ]] || fail "there is no slug: herokuish slug generate makes one"
	if [[ -z "$url" ]]; then cat "$SLUG_PATH"; else curl --silent --show-error --fail --upload-file "$SLUG_PATH" -- "$url"; fi
}

slug-import() {
	declare desc="Unpacks a slug into the app's place, which must be empty" url="$1"
	mkdir -p "$APP_PATH"
	[[ -z "$(ls -A "$APP_PATH")" ]] || fail "$APP_PATH is not empty"
	if [[ -z "$url" ]]; then unpack-slug; else curl --silent --show-error --fail --location -- "$url" | unpack-slug; fi
}

unpack-slug() {
	declare desc="A slug from standard input into the app's place"
	tar --extract --gzip --no-same-owner -C "$APP_PATH" || fail "that is no slug"
}
