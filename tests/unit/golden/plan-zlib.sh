# zlib 1.3.1 for <target>, in /w
# first: libwheel fetch -C launcher=none -C work-dir=/w -C jobs=7 --unpack /w/source recipes/zlib
# on PATH: what this brings: python3 -m pip install 'cmake>=3.26' 'ninja>=1.11'
set -eu
# variables
export CC=<bin>/cc
export CFLAGS='-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=. -DHAVE_HIDDEN'
export LDFLAGS='-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--build-id=none -Wl,--version-script=/w/version-script.map'
export LC_ALL=C
export TZ=UTC
export SOURCE_DATE_EPOCH=315532800
export CXX=<bin>/c++
export CXXFLAGS='-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=. -DHAVE_HIDDEN'

# folders and files; at the end, below `# commands`, is what runs
mkdir -p /w
mkdir -p /w/source
printf %s 'ZLIB_PYWHEEL_1 { };
' > /w/version-script.map

# commands
( cd /w/source && cmake -S /w/source -B /w/build -G Ninja -DBUILD_SHARED_LIBS=ON -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr/local -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON -DCMAKE_SKIP_INSTALL_RPATH=ON -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF -DCMAKE_FIND_USE_SYSTEM_PACKAGE_REGISTRY=OFF -DFETCHCONTENT_FULLY_DISCONNECTED=ON -DZLIB_BUILD_EXAMPLES=OFF )
( cd /w/source && cmake --build /w/build --parallel 7 )
( cd /w/source && env DESTDIR=/w/destination cmake --install /w/build )

