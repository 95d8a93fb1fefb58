# Completes dokku's commands, flags and names in fish, by asking the instance itself.
# For ~/.config/fish/config.fish:  ssh -n -p @PORT@ dokku@@HOST@ completion fish | source
# DOKKU_HOST and DOKKU_PORT name another instance.
function __dokku_complete
    set -l host @HOST@
    set -l port @PORT@
    set -q DOKKU_HOST; and set host $DOKKU_HOST
    set -q DOKKU_PORT; and set port $DOKKU_PORT
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l line
    for word in $before[2..] "$current"
        set -a line "'"(string replace -a -- "'" "'\\''" "$word")"'"
    end
    ssh -p $port -o BatchMode=yes -o ConnectTimeout=5 dokku@$host "complete -- $line" </dev/null 2>/dev/null
end
complete -c dokku -f -a '(__dokku_complete)'
