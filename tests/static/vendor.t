# The packages that this build and these tests use are those of the manifest.
exec 'vendor/check', 'build', 'test', 'demo';
