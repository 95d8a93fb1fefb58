# Completes dokku's commands, flags and names in zsh, by asking the instance itself.
# For ~/.zshrc:  eval "$(ssh -n -p @PORT@ dokku@@HOST@ completion zsh)"
# DOKKU_HOST and DOKKU_PORT name another instance.
_dokku() {
	local line="${(j: :)words[2,CURRENT-1]} ${words[CURRENT]:-''}"
	local -a replies
	replies=("${(@f)$(ssh -p "${DOKKU_PORT:-@PORT@}" -o BatchMode=yes -o ConnectTimeout=5 \
		"dokku@${DOKKU_HOST:-@HOST@}" "complete -- $line" </dev/null 2>/dev/null)}")
	compadd -S '' -- ${(M)replies:#*[=:]}
	compadd -- ${replies:#*[=:]}
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
compdef _dokku dokku
