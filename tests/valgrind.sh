#!/bin/sh
# valgrind.sh: stands for the program that DRV_PROGRAM names, and has valgrind watch it
#
# A mistake or lost memory ends with status 99, which no test expects.
exec valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
	--errors-for-leak-kinds=definite,indirect --trace-children=no -- "$DRV_PROGRAM" "$@"
