# Run a command that cannot write files beyond so many kB, as on a full disk:
# `bash limit_file_size.sh KILOBYTES COMMAND...`
trap '' XFSZ
ulimit -f "$1"
shift
"$@"
