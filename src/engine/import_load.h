/* The first part of an import: the file into a table of the registry. */
#ifndef INTERLOCK_ENGINE_IMPORT_LOAD_H
#define INTERLOCK_ENGINE_IMPORT_LOAD_H

#include "engine/batch.h"
#include "engine/pace.h"
#include "engine/work.h"
#include "plan/importing.h"

/* An import under way: how far it is, as interlock.chunk tells. */
struct import {
	struct work *w;
	const struct importing *in;
	struct pace pace;
	int64_t no;                         /* of the last batch */
	int64_t loaded, tried, inserted_to; /* lines: all up to this one */
	int64_t last;                       /* line of the file that is of interest */
	int64_t read, inserted, rejected;   /* rows */
	bool complete;                      /* the whole file is loaded, and is the one that the plan is about */
	const char *stamp;                  /* of the file whose lines are loaded */
	int64_t looked_at;
};

/* A row of interlock.chunk. */
struct import_chunk {
	const char *method; /* "load", "loaded", "try", "insert" */
	int64_t lo, hi;     /* lines (lo, hi] */
	int64_t rows;
	double ms;
	const char *guard; /* of "load": the stamp of the file */
};
void import_add_chunk(struct import *import, const struct import_chunk *chunk, struct batch *batch);

/* Reads the position from the registry. */
bool import_position(struct import *import, struct err *err);

/* Between batches: may it go on?  `done` lines of the file are behind it. */
bool import_may_go_on(struct import *import, int64_t done, const char *what, struct err *err);

/*
 * Loads what is not loaded yet, from the beginning where the file is not the
 * same any more.  A file that is not the one of the plan is refused, and
 * nothing of it stays.
 */
bool import_load(struct import *import, struct err *err);

#endif
