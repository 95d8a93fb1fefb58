# Completes dokku's commands, flags and names in bash, by asking the instance itself.
# For ~/.bashrc:  eval "$(ssh -n -p @PORT@ dokku@@HOST@ completion bash)"
# DOKKU_HOST and DOKKU_PORT name another instance.
_dokku() {
	declare desc="Complete the word at the cursor"
	local line="${COMP_LINE:0:COMP_POINT}" word head="" breaks="" reply
	word="${line##*[[:space:]]}"
	# Readline splits at these too, and replaces only what follows them.
	[[ "$COMP_WORDBREAKS" != *:* ]] || breaks+=:
	[[ "$COMP_WORDBREAKS" != *=* ]] || breaks+="="
	[[ -z "$breaks" ]] || head="${word%"${word##*["$breaks"]}"}"
	[[ -n "$word" ]] || line+="''"
	line="${line#"${line%%[![:space:]]*}"}"
	COMPREPLY=()
	while IFS= read -r reply; do
		COMPREPLY+=("${reply#"$head"}")
	done < <(ssh -p "${DOKKU_PORT:-@PORT@}" -o BatchMode=yes -o ConnectTimeout=5 \
		"dokku@${DOKKU_HOST:-@HOST@}" "complete -- ${line#*[[:space:]]}" </dev/null 2>/dev/null)
	[[ "${COMPREPLY[*]}" != *[=:] ]] || compopt -o nospace
}
complete -F _dokku dokku
