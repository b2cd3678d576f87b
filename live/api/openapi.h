/* openapi.h - the schemas of the API: members of one JSON object, NULL-ended. */
#ifndef LIVE_OPENAPI_H
#define LIVE_OPENAPI_H

extern const char *const live_openapi_schemas[];

#endif
