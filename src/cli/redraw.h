/*
 * The last line of a terminal, drawn again and again: there while something
 * goes on, gone before anything else is written.  On stderr.
 */
#ifndef INTERLOCK_CLI_REDRAW_H
#define INTERLOCK_CLI_REDRAW_H

/* The most columns that a text may take; 0 where stderr is no terminal that can draw a line again. */
int redraw_room(void);
/* Draws it in place of what was there. */
void redraw_line(const char *text);
/* Takes it away, if it is there. */
void redraw_erase(void);

#endif
