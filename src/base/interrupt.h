/*
 * SIGINT and SIGTERM as a wish: the first asks to stop at the next safe
 * point, the second to cancel the statement under way.
 */
#ifndef INTERLOCK_BASE_INTERRUPT_H
#define INTERLOCK_BASE_INTERRUPT_H

/* Installs the handlers.  Call once, before the first connection. */
void interrupt_install(void);
/* How many times we were asked: 0 never, 1 stop at the next safe point, 2 and more cancel. */
int interrupt_count(void);
/* A descriptor that becomes readable when a signal arrives, for poll(2); -1 before interrupt_install(). */
int interrupt_descriptor(void);
/* Empties the descriptor. */
void interrupt_drain(void);

#endif
