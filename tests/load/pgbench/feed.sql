-- The round feed as one statement that makes the JSON: the same rows and about the same bytes as the query Feed.
\set m random(1, @members@ - 1)
select json_build_object('round', (select json_build_object('id', r.id, 'title', r.title, 'status', r.status,
    'opensAt', r.opens_at, 'closesAt', r.closes_at, 'advanceCount', r.advance_count, 'entries', (
      select json_agg(json_build_object('id', e.id, 'position', e.position, 'picks', e.picks, 'pickedByMe', p.member_id is not null,
        'design', json_build_object('id', d.id, 'styleNo', d.style_no, 'version', json_build_object('number', v.version,
          'title', v.title, 'description', v.description, 'category', v.category, 'season', v.season, 'fabric', v.fabric,
          'fit', v.fit, 'attributes', v.attributes, 'pictures', (
            select json_agg(json_build_object('id', m.id, 'url', 'http://shop.example.com/media/' || m.brand_id || '/media_' || m.id || '/large',
              'width', m.width, 'height', m.height) order by x.position)
            from design_picture x join media m on m.brand_id = x.brand_id and m.id = x.media_id
            where x.brand_id = v.brand_id and x.design_version_id = v.id)))) order by e.position)
      from round_entry e
      join design d on d.brand_id = e.brand_id and d.id = e.design_id
      join design_version v on v.brand_id = e.brand_id and v.id = e.design_version_id
      left join pick p on p.brand_id = e.brand_id and p.round_id = e.round_id and p.design_id = e.design_id
        and p.member_id = ('@member@' || lpad(to_hex(:m::bigint), 10, '0'))::uuid
      where e.brand_id = r.brand_id and e.round_id = r.id))
    from round r where r.brand_id = '@brand@0000000000' and r.id = '@round@0000000000'),
  'communityFeed', (select json_agg(json_build_object('id', t.id, 'body', t.body, 'sizeWorn', t.size_worn, 'fit', t.fit,
      'cons', t.cons, 'heightCm', t.height_cm, 'adLabel', '广告', 'publishedAt', t.published_at,
      'koc', json_build_object('id', k.id, 'nickname', k.nickname), 'media', (
        select json_agg(json_build_object('id', m.id, 'url', 'http://shop.example.com/media/' || m.brand_id || '/media_' || m.id || '/large',
          'width', m.width, 'height', m.height) order by x.position)
        from tryon_media x join media m on m.brand_id = x.brand_id and m.id = x.media_id
        where x.brand_id = t.brand_id and x.tryon_id = t.id)) order by t.publication_id desc)
    from (select t.* from tryon_community c join tryon t on t.brand_id = c.brand_id and t.id = c.tryon_id
      where c.brand_id = '@brand@0000000000'
        and c.community_id = ('@community@' || lpad(to_hex(:m::bigint / 300), 10, '0'))::uuid and t.status = 'published'
      order by t.publication_id desc limit 10) t
    join member k on k.brand_id = t.brand_id and k.id = t.koc_member_id));
