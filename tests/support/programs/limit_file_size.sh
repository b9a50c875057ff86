# Simulate a full disk: run a command that cannot write files larger than KILOBYTES.
# `bash limit_file_size.sh KILOBYTES COMMAND...`
trap '' XFSZ
ulimit -f "$1"
shift
"$@"
