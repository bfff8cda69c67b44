/* arguments.h: the command line, out of sight of other users */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

/*
 * A copy of the command line. What looks like a place with a password is overwritten in the
 * original, which everybody may read as long as the program runs. Returns NULL when out of memory.
 */
char **arguments_take(int argc, char **argv);

void arguments_free(char **arguments);

#endif
