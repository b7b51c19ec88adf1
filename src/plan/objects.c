/* What the fragments of plan/objects.h are asked with. */
#include "plan/objects.h"

#include <string.h>

const char *object_relkinds(enum object_kind kind)
{
	switch (kind) {
	case OBJECT_TABLE:
		return "rp";
	case OBJECT_FOREIGN_TABLE:
		return "f";
	case OBJECT_VIEW:
		return "v";
	case OBJECT_MATERIALIZED_VIEW:
		return "m";
	case OBJECT_INDEX:
		return "iI";
	case OBJECT_SEQUENCE:
		return "S";
	case OBJECT_COLUMN:
		return "rpvmfc";
	case OBJECT_RELATION:
		return "rpvmf";
	default:
		return "";
	}
}

/* The same types, those without a schema as types of schema public. */
static const char *types_of_public(const struct sql_object *object, struct arena *arena)
{
	const char **types = arena_array(arena, const char *, object->type_count);

	for (size_t i = 0; i < object->type_count; i++)
		types[i] =
			strchr(object->types[i], '.') ? object->types[i] : arena_printf(arena, "public.%s", object->types[i]);
	return array_literal(types, object->type_count, arena);
}

void object_params(const struct sql_object *object, struct probe *probe)
{
	const char **params = probe->query.params;

	params[0] = object->schema;
	params[1] = object->name;
	params[2] = object->member;
	params[3] = object->kind == OBJECT_DOMAIN_CONSTRAINT ? "domain constraint" : object_kind_name(object->kind);
	if (object->has_types) {
		params[4] = object->type_count ? array_literal(object->types, object->type_count, probe->arena) : "{}";
		params[5] = object->type_count ? types_of_public(object, probe->arena) : "{}";
	}
	params[6] = object_relkinds(object->kind);
	params[7] = object->kind == OBJECT_RELATION ? arena_printf(probe->arena, "table or view %s", object->text)
	                                            : object->text;
}

bool object_relation(const struct sql_object *object, struct relname *relation)
{
	switch (object->kind) {
	case OBJECT_TABLE:
	case OBJECT_FOREIGN_TABLE:
	case OBJECT_VIEW:
	case OBJECT_MATERIALIZED_VIEW:
	case OBJECT_SEQUENCE:
	case OBJECT_RELATION:
	case OBJECT_COLUMN:
	case OBJECT_CONSTRAINT:
	case OBJECT_TRIGGER:
	case OBJECT_POLICY:
	case OBJECT_RULE:
		*relation = (struct relname){object->schema, object->name};
		return true;
	default:
		return false;
	}
}

bool object_stands_on_names(const struct sql_object *object)
{
	struct relname relation;

	return object->kind == OBJECT_SEQUENCE || !object_relation(object, &relation);
}
