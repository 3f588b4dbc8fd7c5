# zlib 1.3.1 for <target>
# first: libwheel fetch -C work-dir=/w -C jobs=7 --unpack /w/source recipes/zlib
set -eu
export CC=<bin>/cc
export CFLAGS='-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=.'
export LDFLAGS='-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--build-id=none -Wl,--version-script=/w/version-script.map'
export LC_ALL=C
export TZ=UTC
export SOURCE_DATE_EPOCH=315532800
export CXX=<bin>/c++
export CXXFLAGS='-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=.'
mkdir -p /w
mkdir -p /w/source
printf %s 'ZLIB_PYWHEEL_1 { };
' > /w/version-script.map
( cd /w/source && sh ./configure --prefix=/usr/local --libdir=/usr/local/lib )
( cd /w/source && make -j7 )
( cd /w/source && make install DESTDIR=/w/destination )

